"""The loop of a demonstration: what production is asked in another light becomes the next version of its model."""
