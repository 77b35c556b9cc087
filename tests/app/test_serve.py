"""The dashboard is closed by default."""

from __future__ import annotations

import socket
import tomllib
from pathlib import Path

import pytest

from dualign.errors import BackendError, InvalidInputError
from dualign.ui.serve import check_address, free_port, serve

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "127.1.2.3"])
def test_loopback_is_allowed(address: str) -> None:
    assert check_address(address)


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.1.5", "::", "10.0.0.1"])
def test_other_addresses_need_a_proxy(address: str) -> None:
    with pytest.raises(InvalidInputError, match="authenticating reverse proxy"):
        check_address(address)
    assert check_address(address, behind_proxy=True) == address


@pytest.mark.parametrize("address", ["", "example.com", "127.0.0.1; rm", "1.2.3"])
def test_nonsense_addresses(address: str) -> None:
    with pytest.raises(InvalidInputError, match="not an IP address"):
        check_address(address)


def test_serve_refuses_before_it_starts() -> None:
    with pytest.raises(InvalidInputError, match="reverse proxy"):
        serve(address="0.0.0.0", open_browser=False)
    with pytest.raises(InvalidInputError, match="port 0"):
        serve(port=0, open_browser=False)


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port("127.0.0.1", port) != port


def test_no_port_left() -> None:
    with pytest.raises(BackendError, match="--port"):
        free_port("127.0.0.1", 65536)


def test_shipped_settings() -> None:
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    server = settings["server"]
    assert server["address"] == "127.0.0.1"
    assert "*" not in server["allowedHosts"]
    assert server["enableCORS"] is True
    assert server["enableXsrfProtection"] is True
    assert server["enableStaticServing"] is False
    assert server["enableAgentApi"] is False
    assert settings["browser"]["gatherUsageStats"] is False
    # Otherwise Streamlit lays an invitation to developers over the headline of whoever starts the app.
    assert settings["logger"]["hideWelcomeMessage"] is True
    assert settings["client"]["showErrorDetails"] == "none"
    text = str(settings["theme"])
    assert "http" not in text
