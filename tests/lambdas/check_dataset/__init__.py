"""Tests of the function `lambdas/check_dataset`."""
