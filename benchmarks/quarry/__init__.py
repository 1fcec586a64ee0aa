"""What the hunt goes after: the functions of each library, ways to call them, and the truth about what is found."""
