"""Starts a watch for drift, and reads what it found."""
