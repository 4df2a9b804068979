"""Episodic meta-training, adaptation, and the files they write."""
