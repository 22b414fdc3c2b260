"""Faults that can be scripted, by name."""
