"""Let a model pass, or not, by its figures on the held-out images."""
