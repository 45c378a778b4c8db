"""Plan a release: check the package and its archive, take the lock, name what will be created."""
