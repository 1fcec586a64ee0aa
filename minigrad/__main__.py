"""`python -m minigrad` is `minigrad`."""

from .cli import main

if __name__ == "__main__":
    main()
