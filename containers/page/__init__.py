"""What the pages of both images share: how they look, and how they are written."""
