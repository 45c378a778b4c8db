"""Tests of what is noted of a version."""
