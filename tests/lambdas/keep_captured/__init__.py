"""Tests of the function `lambdas/keep_captured`."""
