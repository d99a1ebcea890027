"""Files that the catalogue knows how to take, for the pages and the API of imports."""
