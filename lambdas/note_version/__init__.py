"""Note on SageMaker's own pages what a version is, where it stands and where it comes from."""
