"""Tests of the function `lambdas/watch_drift`."""
