"""Read what the preparation found in the dataset, and stop a run whose labels are wrong."""
