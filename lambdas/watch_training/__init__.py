"""Ends the wait of a training for spot capacity, where it has lasted as long as the run allows."""
