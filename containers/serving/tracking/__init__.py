"""Videos: read frame by frame, and objects followed from one frame to the next, each by a number that stays."""
