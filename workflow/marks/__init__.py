"""How what was found or labelled is marked on a picture: a class's colour, letters of every script, their places."""
