"""What `--help` costs beside importing typer and rich alone: processor seconds, side by side.

    python -m bench.help [RUNS]

The sides take turns, so that another load on the machine falls on all of them alike.
"""

import resource
import subprocess
import sys
from collections.abc import Sequence
from statistics import median

from framegate.command_table import COMMANDS

ALONE = ("-c", "import typer, rich")
INNER = ("quality score", "gate run", "slo report", "slo corrections add", "loadtest run")
LIMIT = 1.3


def processor_seconds(arguments: Sequence[str]) -> float:
    """What one run of Python takes, with what it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-P", *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main(runs: int) -> int:
    sides = {line: ("-m", "framegate", *line.split(), "--help") for line in ("", *COMMANDS, *INNER)}
    measured: dict[str, list[float]] = {line: [] for line in ("alone", *sides)}
    for _ in range(runs):
        measured["alone"].append(processor_seconds(ALONE))
        for line, arguments in sides.items():
            measured[line].append(processor_seconds(arguments))
    alone = median(measured.pop("alone"))
    print(f"importing typer and rich alone: {alone:.3f} s, median of {runs} runs\n")
    print(f"{'command':<32} {'seconds':>7} {'ratio':>6}")
    worst = 0.0
    for line, seconds in measured.items():
        ratio = median(seconds) / alone
        worst = max(worst, ratio)
        print(f"{f'framegate {line}'.rstrip():<32} {median(seconds):>7.3f} {ratio:>6.2f}")
    print(f"\nhighest ratio {worst:.2f}, at most {LIMIT}")
    return 0 if worst <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 15))
