"""SageMaker on one machine: jobs that really run, a registry, endpoints that really serve."""
