"""Lets production's fleet follow its load, as the version that serves says."""
