"""Makes pictures and documents of what SageMaker captured of production."""
