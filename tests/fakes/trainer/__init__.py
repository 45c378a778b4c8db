"""A training image that learns nothing, quickly."""
