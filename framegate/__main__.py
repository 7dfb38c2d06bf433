"""python -m framegate."""

from framegate.cli import main

main()
