"""Tests of the function `lambdas/clean_up`."""
