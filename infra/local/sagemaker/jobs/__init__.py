"""Jobs: what all have in common, the kinds there are, and what a search for hyperparameters needs beside them."""
