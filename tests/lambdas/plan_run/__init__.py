"""Tests of the function `lambdas/plan_run`."""
