"""Prepares a dataset: looks at every picture once, judges the whole, makes the splits that are missing, hands on.

``inspect`` and ``prepare`` are the two programs; everything else is what they are made of. Memory stays a few hundred
bytes for each picture: neither pixels nor rows of labels are kept.
"""
