"""Start a build by the clock, and when new data has settled."""
