"""Tests of the function `lambdas/start_run`."""
