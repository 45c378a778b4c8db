"""Which of production's pictures are worth a label, their hand-over to a labelling tool, and the way back into data."""
