"""``dualign serve``: a vLLM server on this machine with the reference and its policies."""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import Any


def add_commands(commands: Any) -> None:
    """Add ``serve``."""
    serve = commands.add_parser(
        "serve", help="serve the reference and its policies by vLLM, on this machine only"
    )
    serve.add_argument(
        "--reference", default="demo", help="reference policy: a name or a model folder (demo)"
    )
    serve.add_argument(
        "--policy",
        action="append",
        metavar="NAME",
        help="policy to serve, may be repeated (all that were trained on the reference)",
    )
    serve.add_argument("--python", metavar="PATH", help="interpreter of an environment with vLLM (this one)")
    serve.add_argument("--port", type=int, default=8901, help="port on 127.0.0.1 (8901)")
    serve.add_argument(
        "--context", type=int, default=2048, metavar="T", help="tokens of conversation and reply (2048)"
    )
    serve.add_argument(
        "--print", action="store_true", dest="only_print", help="print the command, start nothing"
    )
    serve.set_defaults(run=_serve)


def _serve(arguments: argparse.Namespace) -> str | None:
    from dualign.models.chat.serving import become_server, server_command

    command = server_command(
        reference=arguments.reference,
        policies=arguments.policy,
        python=arguments.python,
        port=arguments.port,
        context_tokens=arguments.context,
        check=not arguments.only_print,
    )
    if arguments.only_print:
        settings = [f"{name}={value}" for name, value in command.environment.items()]
        return " ".join([*settings, shlex.join(command.arguments)])
    print(
        f"serving '{arguments.reference}' at http://127.0.0.1:{arguments.port}; Ctrl-C stops it.",
        file=sys.stderr,
        flush=True,
    )
    become_server(command)
    return None
