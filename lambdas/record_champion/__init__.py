"""Write down which model production serves."""
