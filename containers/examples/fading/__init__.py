"""The training image with an augmentation of its own."""
