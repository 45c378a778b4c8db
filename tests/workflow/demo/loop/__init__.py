"""The loop of a demonstration."""
