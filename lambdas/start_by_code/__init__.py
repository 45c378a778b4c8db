"""Start a build upon a request that is signed with the stack's secret."""
