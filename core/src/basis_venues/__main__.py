"""`python -m basis_venues`: the command line, for machines where `basis` is not on the path."""

from .cli import main

if __name__ == "__main__":
    main()
