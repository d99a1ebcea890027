"""What rows of a file mean for the catalogue."""
