"""What every server and command needs and no room owns.

In: sockets, tokens, environment variables. Out: InputError, the checks of an HTTP request,
listening sockets, logs, files that are written atomically.
Start with ``errors.py`` and ``http.py``.
"""
