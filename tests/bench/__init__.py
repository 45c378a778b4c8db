"""Long measurements, run by `make bench`. Every figure is a ratio of two things measured in one run."""
