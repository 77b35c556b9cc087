"""Which back end a process uses: its own model, or the server that the environment names."""

from __future__ import annotations

import os

from dualign.models.chat.local import local_chat
from dualign.models.chat.requests import ChatBackend
from dualign.models.chat.server import ServerChat

SERVER_VARIABLE = "DUALIGN_CHAT_SERVER"
KEY_VARIABLE = "DUALIGN_CHAT_KEY"


def chat_backend(reference: str = "demo") -> ChatBackend:
    """The server at ``DUALIGN_CHAT_SERVER`` (its key in ``DUALIGN_CHAT_KEY``) if set, else this process's own model.

    Raises
    ------
    InvalidInputError
        If the variable holds no address.
    """
    url = os.environ.get(SERVER_VARIABLE)
    if not url:
        return local_chat(reference)
    return ServerChat(url, api_key=os.environ.get(KEY_VARIABLE), reference=reference)
