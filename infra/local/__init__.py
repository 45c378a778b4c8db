"""The stand-in for AWS on one machine: MiniStack as the engine, a SageMaker of our own, started by `__main__`."""
