"""Whether images are tried as they should be."""
