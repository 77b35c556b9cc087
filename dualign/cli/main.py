"""Entry point: parse, run one command, print at the end or fail with one sentence."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from dualign import __version__
from dualign.cli import align, app, collect, curve, iterate, jobs, models, reproduce, samples, serve, solve
from dualign.cli.output import quiet_libraries
from dualign.errors import DualignError


class _Parser(argparse.ArgumentParser):
    """A parser whose mistakes are one sentence on stderr, without the usage block."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}; see '{self.prog} --help'.", file=sys.stderr)
        raise SystemExit(2)


def build_parser() -> argparse.ArgumentParser:
    """The parser of ``dualign`` with one sub-command per step."""
    parser = _Parser(
        prog="dualign",
        description="What a safety constraint costs a language model, from scored samples.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"dualign {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for module in (samples, solve, curve, collect, align, jobs, models, iterate, reproduce, serve, app):
        module.add_commands(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 on success, 1 on a failure told in one sentence, 2 on wrong usage."""
    arguments = build_parser().parse_args(argv)
    quiet_libraries()
    try:
        output = arguments.run(arguments)
        if output:
            sys.stdout.write(output if output.endswith("\n") else output + "\n")
            sys.stdout.flush()
    except DualignError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        _fail("interrupted.")
        return 130
    except BrokenPipeError:
        # The reader went away (`dualign samples | head`): nothing is left to say, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("DUALIGN_DEBUG"):
            raise
        return _fail(
            f"unexpected {type(error).__name__}: {error}. Set DUALIGN_DEBUG=1 to see where it arose."
        )
    return 0


def _fail(sentence: str) -> int:
    print("dualign: " + " ".join(sentence.split()), file=sys.stderr)
    return 1
