"""The model that answers: pictures in, objects of its task out. Knows no HTTP."""
