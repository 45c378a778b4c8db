"""Tests of `workflow/marks`."""
