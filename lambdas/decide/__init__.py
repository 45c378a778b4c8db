"""The page behind the link in the mail: shows a request and takes one decision."""
