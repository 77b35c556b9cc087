"""Start the dashboard: on the loopback address, or behind an authenticating proxy that is named as such."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from pathlib import Path
from typing import NoReturn

from dualign.errors import BackendError, InvalidInputError

_APP = Path(__file__).resolve().parents[2] / "app.py"
_PORTS = 20


def check_address(address: str, *, behind_proxy: bool = False) -> str:
    """``address`` if it may be listened on.

    Raises
    ------
    InvalidInputError
        Not an IP address or ``localhost``; or not a loopback address while no authenticating proxy
        is said to stand before it.
    """
    host = "127.0.0.1" if address == "localhost" else address
    try:
        parsed = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        raise InvalidInputError(
            f"address '{address}' is not an IP address: use 127.0.0.1 to stay on this machine."
        ) from None
    if not parsed.is_loopback and not behind_proxy:
        raise InvalidInputError(
            f"address {address} can be reached from other machines and the app has no login of its own: "
            "use 127.0.0.1, or put an authenticating reverse proxy before it and add --behind-proxy."
        )
    return str(parsed)


def free_port(address: str, first: int) -> int:
    """The first port from ``first`` on that nothing listens on; BackendError after twenty."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for port in range(first, min(first + _PORTS, 65536)):
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                continue
            return port
    raise BackendError(
        f"ports {first} to {first + _PORTS - 1} on {address} are all in use: give another one with --port."
    )


def serve(
    *, port: int = 8501, address: str = "127.0.0.1", behind_proxy: bool = False, open_browser: bool = True
) -> NoReturn:
    """Become the dashboard's server; does not return.

    Parameters
    ----------
    port
        First port to try.
    address
        IP address to listen on.
    behind_proxy
        An authenticating reverse proxy stands before a non-loopback address; it then decides on hosts.
    open_browser
        Open the page in the default browser.
    """
    host = check_address(address, behind_proxy=behind_proxy)
    if not 1 <= port <= 65535:
        raise InvalidInputError(f"port {port} does not exist: give one between 1 and 65535.")
    if not _APP.is_file():
        raise BackendError(
            f"the dashboard's script {_APP.name} is not beside this installation: run it from a checkout."
        )
    chosen = free_port(host, port)
    command = [sys.executable, "-m", "dualign.ui.launch", "run", str(_APP)]
    command += [f"--server.port={chosen}", f"--server.address={host}"]
    command += [f"--server.headless={'false' if open_browser else 'true'}"]
    if not ipaddress.ip_address(host).is_loopback:
        command.append("--server.allowedHosts=*")
    shown = f"[{host}]" if ":" in host else host
    print(f"dualign: http://{shown}:{chosen} (Ctrl+C stops it)", flush=True)
    # The project's own .streamlit/config.toml is read from the working directory. The server takes this process's
    # place: whoever stops `dualign app`, by whatever signal, stops the server and leaves nothing behind.
    os.chdir(_APP.parent)
    os.execv(sys.executable, command)
