"""What a caller may send and ask for, read and refused before a model sees it."""
