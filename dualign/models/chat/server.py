"""Replies of a vLLM server or any other that speaks OpenAI's chat protocol, adapters loaded at run time."""

from __future__ import annotations

import hashlib
import ipaddress
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dualign.errors import BackendError, DualignError, InvalidInputError, ModelError
from dualign.models.adapters import ReferenceSpec
from dualign.models.chat.context import too_long
from dualign.models.chat.kinds import AdapterPolicy, InterpolatedPolicy, MixedPolicy, policy_id
from dualign.models.chat.requests import ChatEvent, ChatRequest, check_requests
from dualign.models.chat.server_reply import ServerReply
from dualign.models.chat.stored import StoredAdapter, find_stored, write_interpolated
from dualign.models.chat.streams import Stream
from dualign.models.chat.transport import RefusedError, Server
from dualign.models.reference import resolve_spec

_LONGEST = 32_000  # characters of a message that are sent at all


@dataclass(frozen=True, kw_only=True)
class _Served:
    model: str
    names: frozenset[str]


class ServerChat:
    """Replies from a server; columns are streamed at once and batched by it.

    Parameters
    ----------
    url : str
        Its address, for instance that of ``dualign serve``.
    model : str, optional
        Name of the served reference; the first that the server lists by default.
    reference : str
        Whose system prompt is used, and what adapters were trained on.
    find : callable, optional
        From an adapter's name to its folder; the stored policies by default.
    """

    def __init__(
        self,
        url: str,
        *,
        model: str | None = None,
        api_key: str | None = None,
        reference: str = "demo",
        timeout: float = 120.0,
        find: Callable[[str], StoredAdapter] = find_stored,
    ) -> None:
        self.server = Server(url=url, api_key=api_key, timeout=timeout)
        self._model, self._find = model, find
        self.spec: ReferenceSpec = resolve_spec(reference)[0]
        self._lock = threading.Lock()
        self._scratch: Path | None = None

    def stream(
        self, requests: Sequence[ChatRequest], *, cancel: threading.Event | None = None
    ) -> Iterator[ChatEvent]:
        """Events of all columns: see `ChatBackend.stream`.

        Raises
        ------
        InvalidInputError
            No columns, too many, or a conversation that does not end with a message of the user.
        """
        check_requests(requests)
        return self._events(list(requests), cancel or threading.Event())

    def _events(self, requests: list[ChatRequest], cancel: threading.Event) -> Iterator[ChatEvent]:
        stop = threading.Event()
        stream = Stream(len(requests), cancel)
        threads = [
            threading.Thread(target=self._answer, args=(request, stream, stop), daemon=True)
            for request in requests
        ]
        for thread in threads:
            thread.start()
        watcher = threading.Thread(target=_follow, args=(cancel, stop, stream.closed), daemon=True)
        watcher.start()
        try:
            yield from stream.events()
        finally:
            stream.closed.set()
            stop.set()

    def _answer(self, request: ChatRequest, stream: Stream, stop: threading.Event) -> None:
        try:
            check_length(request)
            model = self._served_model(request)
            ServerReply(request, stream, stop).run(self.server, model, self.spec)
        except DualignError as error:
            stream.fail(request.column, str(error))
        except Exception as error:
            stream.fail(
                request.column, f"The reply ended with {type(error).__name__}. Send the message again."
            )

    def forget(self) -> None:
        """Remove adapters written for interpolation; conversations are not kept here."""
        with self._lock:
            if self._scratch is not None:
                shutil.rmtree(self._scratch, ignore_errors=True)
                self._scratch = None

    def _served_model(self, request: ChatRequest) -> str:
        """Name under which the server answers with the request's policy, its adapter loaded if need be."""
        policy = request.policy
        with self._lock:
            served = self._served()
            match policy:
                case MixedPolicy():
                    raise ModelError(
                        "A mixed policy needs the log-probabilities of several adapters at every token, which a "
                        "server does not give. Choose the local back end for it."
                    )
                case AdapterPolicy(name=name):
                    if name not in served.names:
                        self._load(name, self._find(name).folder)
                    return name
                case InterpolatedPolicy():
                    name = "mix-" + hashlib.sha256(policy_id(policy).encode()).hexdigest()[:16]
                    if name not in served.names:
                        self._load(name, self._interpolated(name, policy))
                    return name
                case _:
                    return served.model

    def _served(self) -> _Served:
        answer = self.server.get("/v1/models")
        found = answer.get("data") if isinstance(answer, dict) else None
        names = [str(item.get("id")) for item in found or [] if isinstance(item, dict)]
        if not names:
            raise BackendError(f"The server at {self.server.url} lists no model.")
        if self._model is not None and self._model not in names:
            raise BackendError(
                f"The server at {self.server.url} serves {', '.join(names[:8])}, not {self._model}."
            )
        return _Served(model=self._model or names[0], names=frozenset(names))

    def _load(self, name: str, folder: Path) -> None:
        host = str(urlsplit(self.server.url).hostname)
        if not (host == "localhost" or _loopback(host)):
            raise BackendError(
                f"The server at {self.server.url} does not serve {name}, and an adapter's folder can only be named "
                "to a server on this machine. Start it there with that adapter."
            )
        try:
            self.server.post("/v1/load_lora_adapter", {"lora_name": name, "lora_path": str(folder.resolve())})
        except RefusedError as error:
            if "already" in error.detail:
                return
            if error.status in (404, 405):
                raise BackendError(
                    f"The server at {self.server.url} does not load adapters at run time. Start it with "
                    "'dualign serve'."
                ) from error
            raise

    def _interpolated(self, name: str, policy: InterpolatedPolicy) -> Path:
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="dualign-chat-"))
        adapters = {part: (self._find(part), weight) for part, weight in policy.weights.items()}
        return write_interpolated(self._scratch / name, adapters)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _follow(cancel: threading.Event, stop: threading.Event, closed: threading.Event) -> None:
    while not closed.is_set():
        if cancel.wait(0.05):
            stop.set()
            return


def check_length(request: ChatRequest) -> None:
    """InvalidInputError for a message that no model here could read, before anything is sent."""
    newest = request.turns[-1].text
    if len(newest) > _LONGEST or len(request.settings.system_prompt or "") > _LONGEST:
        raise InvalidInputError(too_long(f"{len(newest):,} characters", _LONGEST // 4))
