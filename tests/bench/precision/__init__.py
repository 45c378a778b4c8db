"""What every precision loses and takes, on thousands of labelled objects of each task."""
