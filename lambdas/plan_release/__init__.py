"""Plan a release: check the package, its archive and what it replaces, take the lock, name what will be created."""
