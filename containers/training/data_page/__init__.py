"""The page of a dataset's preparation: everything that was found, with the pictures it was found in."""
