"""Takes what people say of production's answers: through the API in front of it, and from the command."""
