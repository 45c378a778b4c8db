"""Tests of the function `lambdas/scale_production`."""
