"""A folder of labelled images before its run: checked as it will be read, then uploaded."""
