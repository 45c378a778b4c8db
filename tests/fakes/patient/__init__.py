"""A training image that learns nothing, and whose trainings with a seed of 1 wait to be stopped, until redriven."""
