"""Tests of the function `lambdas/decide`."""
