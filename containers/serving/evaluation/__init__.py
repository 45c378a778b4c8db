"""The job that measures a candidate and production's model on the same held-out pictures."""
