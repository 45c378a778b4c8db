"""Tests of videos and of what is followed in them."""
