"""`minigrad fit`: its options, its formulas, what it prints."""
