"""Writes labels as each labelling tool reads them: as the model's suggestion, or as what a person has drawn."""
