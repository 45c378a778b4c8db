"""What a label is worth: production's pictures drawn, and a model that learns from those that were chosen."""
