"""Bring production's inference component onto a model, on an endpoint that several projects share."""
