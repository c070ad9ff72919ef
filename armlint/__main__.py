"""`python -m armlint`."""

from armlint.cli import main

if __name__ == "__main__":
    main()
