"""The preparation benchmark: the same data prepared by us and by what others would take for it.

``python -m tests.bench.preparation --help`` measures part of it; ``make bench`` all of it.
"""
