"""Chooses by measurement the precision that a new model serves in; run by the training job, beside its own program."""
