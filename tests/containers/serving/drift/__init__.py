"""Drift: its statistics, its reference, its program and its page."""
