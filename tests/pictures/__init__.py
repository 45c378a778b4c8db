"""The pictures of the documentation, made from a real run by ``make pictures``."""
