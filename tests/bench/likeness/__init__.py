"""How many copies of pictures the preparation finds, and how many pictures of one scene it takes for copies.

``python -m tests.bench.likeness`` measures both and prints them.
"""
