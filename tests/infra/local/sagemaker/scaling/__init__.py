"""Tests of automatic scaling in the stand-in."""
