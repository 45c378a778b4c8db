"""The pages of the console, a module and a template for each; ``app`` puts them together."""
