"""Requests to a server that speaks OpenAI's protocol, and its streams of events."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from dualign.errors import BackendError, InvalidInputError


class RefusedError(BackendError):
    """A server's answer with a status that is no success; ``status`` and ``detail`` are its own."""

    def __init__(self, url: str, status: int, detail: str) -> None:
        super().__init__(f"The server at {url} refused with {status}: {detail[:300]}")
        self.status, self.detail = status, detail


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server's address.

    Parameters
    ----------
    url : str
        Without ``/v1``; http or https.
    timeout : float
        Longest silence in seconds.
    """

    url: str
    api_key: str | None = None
    timeout: float = 120.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInputError(
                f"The server's address must look like http://127.0.0.1:8000, not {self.url!r}."
            )

    def get(self, path: str) -> Any:
        """JSON answer to a GET."""
        return self._whole("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> str:
        """Text answer to a POST."""
        connection, response = self._open("POST", path, body)
        try:
            return str(response.read().decode("utf-8", "replace"))
        finally:
            connection.close()

    def events(self, path: str, body: Mapping[str, Any], cancel: threading.Event) -> Iterator[dict[str, Any]]:
        """Objects of a stream of server-sent events, until its end or until ``cancel`` is set.

        Raises
        ------
        BackendError
            No server, a refusal, or a stream that breaks off.
        """
        if cancel.is_set():
            return
        done = threading.Event()
        try:
            connection, response = self._open("POST", path, body, until=(cancel, done))
            try:
                yield from self._lines(response, cancel)
            finally:
                with suppress(OSError):
                    connection.close()
        except BackendError:
            # A connection that was cut because the user stopped is no fault.
            if not cancel.is_set():
                raise
        finally:
            done.set()

    def _lines(self, response: http.client.HTTPResponse, cancel: threading.Event) -> Iterator[dict[str, Any]]:
        ended = False
        try:
            for line in response:
                if not line.startswith(b"data:"):
                    continue
                data = line[5:].strip()
                if data == b"[DONE]":
                    ended = True
                    break
                found = json.loads(data)
                if not isinstance(found, dict) or "error" in found:
                    raise BackendError(f"The server at {self.url} broke off: {data.decode()[:300]}")
                yield found
        except ValueError as error:
            raise BackendError(
                f"The server at {self.url} sent something that is no part of a reply (it is not JSON): see its log."
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise BackendError(f"The server at {self.url} broke off its answer ({error}).") from error
        if not ended and not cancel.is_set():
            raise BackendError(f"The server at {self.url} broke off its answer before its end.")

    def _whole(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        connection, response = self._open(method, path, body)
        try:
            return json.loads(response.read())
        except ValueError as error:
            raise BackendError(
                f"The server at {self.url} did not answer in JSON: it may not be an OpenAI-compatible one. Correct the "
                "address."
            ) from error
        finally:
            connection.close()

    def _open(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        *,
        until: tuple[threading.Event, threading.Event] | None = None,
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(str(parts.hostname), parts.port, timeout=self.timeout)
        headers = {"Content-Type": "application/json"}
        if self.api_key:
            headers["Authorization"] = f"Bearer {self.api_key}"
        data = None if body is None else json.dumps(body).encode()
        try:
            connection.connect()
            if until is not None:
                # Once an answer that ends with its connection has begun, the connection no longer knows its socket.
                watched = (connection.sock, *until)
                threading.Thread(target=_cut, args=watched, daemon=True).start()
            connection.request(method, parts.path.rstrip("/") + path, body=data, headers=headers)
            response = connection.getresponse()
        except TimeoutError as error:
            connection.close()
            raise BackendError(
                f"The server at {self.url} did not answer within {self.timeout:g} s."
            ) from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise BackendError(
                f"No server answers at {self.url} ({error}). Start it with 'dualign serve' or correct the address."
            ) from error
        if response.status >= 300:
            detail = response.read(4000).decode("utf-8", "replace").strip()
            connection.close()
            raise RefusedError(self.url, response.status, detail)
        return connection, response


def _cut(sock: socket.socket, cancel: threading.Event, done: threading.Event) -> None:
    """Shut the connection down once ``cancel`` is set, which ends a read that waits."""
    while not done.is_set():
        if cancel.wait(0.05):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            return
