"""Completion as the shells do it: real bash and zsh, with the script that the command prints."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

BASH = """
eval "$(framegate completion bash)"
COMP_WORDS=({words}); COMP_CWORD={place}
_framegate_completion framegate
printf '%s\\n' "${{COMPREPLY[@]}}"
"""

# zsh has no way to ask for completions from a script: the line is typed on a terminal of its own.
ZSH = """
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PROMPT=; autoload -Uz compinit; compinit -u; setopt no_beep'
zpty -w shell 'LISTMAX=1000; eval "$(framegate completion zsh)"; print re""ady'
zpty -r -m shell said '*ready*'
zpty -w -n shell 'framegate {words}'$'\\t'
zpty -r -m shell said '*{last}*'
print -r -- "$said"
zpty -d shell
"""


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    """A home of its own, and ``framegate`` on the path."""
    program = tmp_path / "bin" / "framegate"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m framegate "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "HOME": str(tmp_path), "TERM": "dumb", "COLUMNS": "80"}


def bash_completions(words: str, environment: Mapping[str, str]) -> list[str]:
    typed = ["framegate", *words.split(), *([""] if words.endswith(" ") else [])]
    script = BASH.format(words=shlex.join(typed), place=len(typed) - 1)
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("g", ["generator", "gate"]),
        ("gate c", ["calibrate", "comment"]),
        ("slo corrections ", ["add", "list", "revoke"]),
        ("gate run --can", ["--candidate"]),
        ("completion z", ["zsh"]),
    ],
)
def test_bash_completes_commands_options_and_values(
    words: str, found: list[str], environment: Mapping[str, str]
) -> None:
    assert bash_completions(words, environment) == found


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is missing; make system gets it")
@pytest.mark.parametrize(
    ("words", "found"), [("gate ca", "gate calibrate"), ("slo corrections rev", "revoke")]
)
def test_zsh_completes_commands(words: str, found: str, environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        ["zsh", "-f", "-c", ZSH.format(words=words, last=found)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found in done.stdout, done.stderr


def test_an_unknown_shell_is_bad_input(environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        ["framegate", "completion", "tcsh"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "tcsh" in done.stderr
