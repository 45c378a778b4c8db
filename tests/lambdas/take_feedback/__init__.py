"""Tests of the function that takes what people say of production's answers."""
