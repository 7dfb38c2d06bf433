"""framegate telemetry import | export | query | info | compact | clickhouse."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from framegate.telemetry.platform.clock import LATEST_NS

Data = Annotated[Path, typer.Option(help="Folder of the store.")]
SIGNAL = "traces, logs or metrics."


def import_(
    files: Annotated[
        list[Path], typer.Argument(help="OTLP files: JSON lines or protobuf, may be gzip.")
    ],
    data: Data,
    signal: Annotated[str | None, typer.Option(help=f"Signal of a protobuf file: {SIGNAL}")] = None,
) -> None:
    """Store OTLP files. A file that is already stored is not stored again."""
    from framegate.telemetry.offline.otlp_import import import_file
    from framegate.telemetry.otlp.bodies import parse_signal
    from framegate.telemetry.store.store import Store

    wanted = parse_signal(signal) if signal else None
    store = Store(data)
    try:
        for file in files:
            done = import_file(store, file, signal=wanted)
            typer.echo(
                f"{file}: {done.stored} stored, {done.known} duplicates, {done.refused} rejected"
            )
    finally:
        store.close()


def export(
    signal: Annotated[str, typer.Argument(help=SIGNAL)],
    data: Data,
    parquet: Annotated[Path | None, typer.Option(help="Parquet file to write.")] = None,
    since_ns: Annotated[int, typer.Option(help="Start, in Unix nanoseconds.", min=0)] = 0,
    until_ns: Annotated[int, typer.Option(help="End, in Unix nanoseconds.", min=0)] = LATEST_NS,
) -> None:
    """Write a signal's rows, including the archive: OTLP JSON lines, or a Parquet file."""
    from framegate.telemetry.offline.store_files import otlp_lines, write_parquet
    from framegate.telemetry.otlp.bodies import parse_signal

    wanted = parse_signal(signal)
    if parquet:
        write_parquet(data, wanted, parquet, since_ns=since_ns, until_ns=until_ns)
        return
    for line in otlp_lines(data, wanted, since_ns=since_ns, until_ns=until_ns):
        sys.stdout.buffer.write(line + b"\n")


def query(
    name: Annotated[str, typer.Argument(help="Query name: jobs, scores, rates, spans, ...")],
    data: Data,
    where: Annotated[
        list[str] | None, typer.Option(help="Parameter: model=ref-1, limit=10; repeatable.")
    ] = None,
) -> None:
    """Run a named query and print its rows as a JSON array."""
    from framegate.telemetry.offline.store_files import parse_parameters, run_query
    from framegate.telemetry.server.query_endpoints import json_rows

    table = run_query(data, name, parse_parameters(where or []))
    sys.stdout.buffer.write(json_rows(table) + b"\n")


def info(
    data: Data,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show a store's contents; changes nothing."""
    from framegate.telemetry.offline.store_files import store_info
    from framegate.telemetry.offline.store_report import info_json, info_table

    found = store_info(data)
    typer.echo(info_json(found) if as_json else info_table(found))


def compact(data: Data) -> None:
    """Rewrite the store file in time order, to make it smaller and faster."""
    from framegate.telemetry.offline.store_files import compact_store

    before, after = compact_store(data)
    typer.echo(f"{before / 1e6:.1f} MB before, {after / 1e6:.1f} MB after")


def clickhouse(
    url: Annotated[
        str,
        typer.Option(
            help="clickhouse://user:password@host:8123/database.", envvar="FRAMEGATE_CLICKHOUSE"
        ),
    ],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    http_port: Annotated[int, typer.Option(help="HTTP port for queries.")] = 4318,
    leases: Annotated[Path, typer.Option(help="File for the workers' leases.")] = Path(
        "leases.sqlite"
    ),
    tokens: Annotated[Path | None, typer.Option(help="File with scopes and tokens.")] = None,
) -> None:
    """Serve the named queries from ClickHouse, as a collector serves them from its store."""
    from framegate.telemetry.platform.access import load_access
    from framegate.telemetry.platform.listen import listening_socket, serve
    from framegate.telemetry.server.clickhouse import application, connect_clickhouse
    from framegate.telemetry.server.leases import Leases

    access = load_access(tokens)
    open_socket = listening_socket(host, http_port, guarded=access.requires_token)
    serve(application(connect_clickhouse(url), Leases(leases), access=access), open_socket)
