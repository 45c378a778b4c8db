"""Tests of the function `lambdas/start_by_code`."""
