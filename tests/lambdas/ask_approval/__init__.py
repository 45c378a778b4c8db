"""Tests of the function `lambdas/ask_approval`."""
