"""`python -m armlint`."""

import os
import sys

# Python looks for modules where one stands, first of all. What stands there is what is to be checked, and a
# file in it that is called like a module must not run.
if sys.path and sys.path[0] in {"", os.getcwd()}:  # noqa: PTH109 - pathlib takes long to import
    del sys.path[0]

from armlint.cli import main

if __name__ == "__main__":
    main()
