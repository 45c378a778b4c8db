"""``make demo``: the whole flow on this machine, with a sample dataset of its own."""
