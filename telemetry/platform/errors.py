"""Errors that every command turns into an exit code."""


class InputError(ValueError):
    """The user's input is wrong; the message names the field, file or option, and its value.

    A command exits with 2; an HTTP service answers 4xx.
    """
