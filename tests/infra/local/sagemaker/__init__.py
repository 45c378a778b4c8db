"""Tests of the stand-in's SageMaker."""
