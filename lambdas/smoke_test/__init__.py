"""Send real images to an endpoint and expect the boxes that the evaluation drew."""
