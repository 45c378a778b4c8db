"""The training image: checks a dataset, trains a detector on it and exports what will serve."""
