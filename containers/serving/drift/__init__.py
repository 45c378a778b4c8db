"""Whether the pictures that production is asked, and the answers to them, still are like those it was judged by."""
