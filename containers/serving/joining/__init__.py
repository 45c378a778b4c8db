"""Puts the answers of a batch transform job beside the names of their pictures, and sums them up on a page."""
