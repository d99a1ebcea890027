"""Reading the files people have: packed or not, in any encoding, with columns of any name.

Knows no model: bytes in, rows with their numbers out, and a fault that names file, row and column.
"""
