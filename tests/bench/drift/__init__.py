"""What a watch finds of known drifts, and how often it is wrong about none."""
