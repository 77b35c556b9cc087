"""Policies that can be talked to: the reference, trained adapters, and any lam at once.

A page asks a back end for the replies of its columns and shows events as they come::

    backend = chat_backend()                     # one model a process, loaded with the first request; or a server
    cancel = threading.Event()                   # set it, or leave the loop, to stop: partial texts are kept
    turns = (Turn("user", "I can't sleep before exams."),)
    requests = [
        ChatRequest(column="A", turns=turns, policy=ReferencePolicy(), settings=ChatSettings(seed=1)),
        ChatRequest(column="B", turns=turns, policy=AdapterPolicy(name="mocan")),
        ChatRequest(column="C", turns=turns, policy=ResampledPolicy(multipliers={"harmless": 0.8}, beta=0.5)),
    ]
    for event in backend.stream(requests, cancel=cancel):
        match event.kind:
            case "started": ...                  # event.notes: turns left out, in words
            case "delta": ...                    # event.text is new text of event.column; event.tokens_per_second
            case "progress": ...                 # a resampled reply: event.text in words
            case "finished": ...                 # event.reply: ChatReply (text, finish, seed, notes, resampling)
            case "failed": ...                   # event.text is a sentence

`ServerChat` is the same for a vLLM server (``dualign serve``) or any other that speaks OpenAI's protocol.
`policy_id` and `parse_policy` turn a policy into one line and back, for links, votes and exports.
`score_reply` gives a finished reply's scores with their place among the reference's replies (0.1 to 0.3 s: after
the stream, not in it). `backend.forget` drops what is kept of conversations; nothing is ever written.
"""

from dualign.models.chat.choice import chat_backend
from dualign.models.chat.kinds import (
    AdapterPolicy,
    ChatPolicy,
    InterpolatedPolicy,
    MixedPolicy,
    ReferencePolicy,
    ResampledPolicy,
    parse_policy,
    policy_id,
)
from dualign.models.chat.local import LocalChat, local_chat
from dualign.models.chat.requests import (
    MAX_COLUMNS,
    MAX_TOKENS,
    ChatBackend,
    ChatEvent,
    ChatReply,
    ChatRequest,
    ChatSettings,
    Resampling,
    Turn,
)
from dualign.models.chat.scores import PlacedScore, score_reply
from dualign.models.chat.server import ServerChat

__all__ = [
    "MAX_COLUMNS",
    "MAX_TOKENS",
    "AdapterPolicy",
    "ChatBackend",
    "ChatEvent",
    "ChatPolicy",
    "ChatReply",
    "ChatRequest",
    "ChatSettings",
    "InterpolatedPolicy",
    "LocalChat",
    "MixedPolicy",
    "PlacedScore",
    "ReferencePolicy",
    "ResampledPolicy",
    "Resampling",
    "ServerChat",
    "Turn",
    "chat_backend",
    "local_chat",
    "parse_policy",
    "policy_id",
    "score_reply",
]
