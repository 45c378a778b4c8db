"""Plans a watch for drift, reads what its job found, and starts a build where that is its consequence."""
