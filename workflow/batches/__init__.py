"""Batches: a folder of pictures answered by an approved version, without an endpoint."""
