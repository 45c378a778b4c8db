"""``make account-check``: proves in an AWS account what no stand-in can, and removes what it made."""
