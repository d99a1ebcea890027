"""What rows of a file mean for stock. Reads only; the services write."""
