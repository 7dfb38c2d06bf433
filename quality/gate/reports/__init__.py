"""A verdict document in the formats that people and CI systems read.

In comes a ``VerdictDocument``, out come terminal text, Markdown, HTML, JUnit XML, SARIF and GitHub
annotations. Numbers are rounded only here. Start at ``terminal.py``; ``page.py`` is the HTML page.
"""
