"""framegate telemetry import | export | query | info | compact | clickhouse."""

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="A store whose collector is not running; and the reader for ClickHouse.",
    no_args_is_help=True,
)

Data = Annotated[Path, typer.Option(help="Folder of the store.")]
SIGNAL = "traces, logs or metrics."


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="OTLP JSON lines, or protobuf; also gzip.")],
    data: Data,
    signal: Annotated[str | None, typer.Option(help=f"What protobuf holds: {SIGNAL}")] = None,
) -> None:
    """Store OTLP files; a file that was stored before stores nothing."""
    from framegate.telemetry.offline.otlp_import import import_file
    from framegate.telemetry.otlp.bodies import parse_signal
    from framegate.telemetry.store.store import Store

    wanted = parse_signal(signal) if signal else None
    store = Store(data)
    try:
        for file in files:
            done = import_file(store, file, signal=wanted)
            typer.echo(f"{file}: {done.stored} stored, {done.known} known, {done.refused} refused")
    finally:
        store.close()


@app.command()
def export(
    signal: Annotated[str, typer.Argument(help=SIGNAL)],
    data: Data,
    parquet: Annotated[Path | None, typer.Option(help="Write this Parquet file.")] = None,
    since_ns: Annotated[int, typer.Option(help="Unix nanoseconds.", min=0)] = 0,
    until_ns: Annotated[int, typer.Option(help="Unix nanoseconds.", min=0)] = 2**63 - 2,
) -> None:
    """Write a signal's rows, archive included: OTLP JSON lines on stdout, or a Parquet file."""
    from framegate.telemetry.offline.store_files import otlp_lines, write_parquet
    from framegate.telemetry.otlp.bodies import parse_signal

    wanted = parse_signal(signal)
    if parquet:
        write_parquet(data, wanted, parquet, since_ns=since_ns, until_ns=until_ns)
        return
    for line in otlp_lines(data, wanted, since_ns=since_ns, until_ns=until_ns):
        sys.stdout.buffer.write(line + b"\n")


@app.command()
def query(
    name: Annotated[str, typer.Argument(help="Such as jobs, scores, rates, spans.")],
    data: Data,
    where: Annotated[
        list[str] | None, typer.Option(help="A parameter, such as model=ref-1 or limit=10.")
    ] = None,
) -> None:
    """Answer a named query with one JSON array, as a running collector would."""
    from framegate.telemetry.offline.store_files import parse_parameters, run_query
    from framegate.telemetry.server.query_endpoints import json_rows

    table = run_query(data, name, parse_parameters(where or []))
    sys.stdout.buffer.write(json_rows(table) + b"\n")


@app.command()
def info(
    data: Data,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Say what a store holds; nothing in it is changed."""
    from framegate.telemetry.offline.store_files import store_info as look
    from framegate.telemetry.offline.store_report import info_json, info_table

    found = look(data)
    typer.echo(info_json(found) if as_json else info_table(found))


@app.command()
def compact(data: Data) -> None:
    """Write the store's file anew, in order of time and without gaps."""
    from framegate.telemetry.offline.store_files import compact_store as rewrite

    before, after = rewrite(data)
    typer.echo(f"{before / 1e6:.1f} MB before, {after / 1e6:.1f} MB after")


@app.command()
def clickhouse(
    url: Annotated[
        str,
        typer.Option(
            help="clickhouse://user:password@host:8123/database", envvar="FRAMEGATE_CLICKHOUSE"
        ),
    ],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    http_port: Annotated[int, typer.Option(help="Query port.")] = 4318,
    leases: Annotated[Path, typer.Option(help="File of the workers' leases.")] = Path(
        "leases.sqlite"
    ),
    tokens: Annotated[Path | None, typer.Option(help="File of scopes and tokens.")] = None,
) -> None:
    """Answer the named queries from ClickHouse, as a collector does from its store."""
    from framegate.telemetry.platform.access import load_access
    from framegate.telemetry.platform.listen import listening_socket, serve
    from framegate.telemetry.server.clickhouse import application, connect_clickhouse
    from framegate.telemetry.server.leases import Leases

    access = load_access(tokens)
    open_socket = listening_socket(host, http_port, guarded=access.requires_token)
    serve(application(connect_clickhouse(url), Leases(leases), access=access), open_socket)
