"""Tests of the function `lambdas/notify`."""
