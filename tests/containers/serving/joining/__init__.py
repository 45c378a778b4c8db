"""The join of a batch's answers."""
