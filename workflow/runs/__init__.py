"""Runs of the two machines: started, watched, listed, approved."""
