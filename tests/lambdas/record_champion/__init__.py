"""Tests of the function `lambdas/record_champion`."""
