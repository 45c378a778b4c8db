"""Images of one's own: whether they keep the contract of containers/README.md."""
