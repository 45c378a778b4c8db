"""Ask people for a decision: keep the request, send the mail with its link."""
