"""What a caller gets: JSON, tables, arrays, or the picture with its boxes drawn."""
