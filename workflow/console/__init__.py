"""`greenlight console`: a page on this machine that shows and steers runs, through the AWS API alone."""
