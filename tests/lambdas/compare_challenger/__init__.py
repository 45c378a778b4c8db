"""Tests of the function `lambdas/compare_challenger`."""
