"""Tell everyone when production serves what no release recorded."""
