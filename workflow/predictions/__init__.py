"""Pictures asked of an endpoint, and its answers written, drawn and counted."""
