"""Errors that every command turns into an exit code."""


class InputError(ValueError):
    """What the user gave is unusable: the message names the field, file or option and its value.

    A command that meets it exits 2; an HTTP service answers 4xx.
    """
