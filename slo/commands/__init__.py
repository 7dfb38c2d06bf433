"""The commands of ``framegate slo``: parse options, ask the engine or read files, print a table.

Start with ``commands.app``; ``client`` talks to the engine, the ``*_table`` modules print.
"""
