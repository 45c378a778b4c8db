"""The two state machines of Greenlight, and the command that drives them."""
