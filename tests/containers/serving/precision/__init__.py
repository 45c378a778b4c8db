"""The choice of a precision: how candidates are measured, and which of them serves."""
