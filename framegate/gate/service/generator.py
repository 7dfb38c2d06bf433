"""The service of ``--generator``, with the options that are about it."""

from framegate.gate.options import ServiceOptions
from framegate.gate.settings import Generator, request_fields
from framegate.loadtest.service.connection import service_url
from framegate.loadtest.service.headers import service_headers
from framegate.telemetry.platform.errors import InputError


def generator_of(options: ServiceOptions) -> Generator | None:
    """The service that makes clips; None without a URL.

    Raises InputError for an option that would have no effect.
    """
    if not options.generator:
        for name, given in (("--header", options.header), ("--fields", options.fields)):
            if given:
                raise InputError(f"{name} is about the service of --generator, which is missing")
        return None
    return Generator(
        url=service_url(options.generator, option="--generator"),
        concurrency=options.concurrency,
        headers=service_headers(options.header or ()),
        fields=request_fields(options.fields),
        clip_seconds=options.clip_timeout,
    )
