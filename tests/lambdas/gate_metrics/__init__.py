"""Tests of the function `lambdas/gate_metrics`."""
