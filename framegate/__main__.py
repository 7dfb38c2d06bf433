"""python -m framegate."""

import sys
from pathlib import Path

if __name__ == "__main__" and not sys.flags.safe_path:
    # `python -m` puts the current folder first, where a folder named `quality` or a file named
    # `torch.py` would be taken for what they are not, unless this package itself lies there.
    here = Path(__file__).resolve().parents[1]
    if sys.path and Path(sys.path[0]).resolve() != here:
        del sys.path[0]

from framegate.cli import main

main()
