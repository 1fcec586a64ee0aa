"""Files: tables of numbers, read in blocks, and never a wrong number."""
