"""Delete what earlier releases left behind, and give the release lock back."""
