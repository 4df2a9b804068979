"""Scripted experts: deterministic laws of the state that show how a task is done."""
