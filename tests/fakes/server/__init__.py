"""A serving image that sees the same box in every picture."""
