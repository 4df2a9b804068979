"""Agents to compare with: from driving at random to knowing everything."""
