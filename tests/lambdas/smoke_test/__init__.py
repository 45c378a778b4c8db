"""Tests of the function `lambdas/smoke_test`."""
