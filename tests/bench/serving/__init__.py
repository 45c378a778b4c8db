"""The serving benchmark: what our server makes of a machine, beside its limits and beside what others serve with.

``python -m tests.bench.serving --help`` measures part of it; ``make bench`` all of it.
"""
