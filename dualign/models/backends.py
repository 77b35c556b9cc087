"""Where replies come from: this process with transformers, or a server that speaks OpenAI's protocol."""

from __future__ import annotations

import json
import math
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from dualign.errors import BackendError
from dualign.models.reference import Reference
from dualign.models.sampling import Reply, SampleOptions, prompt_seed


class Backend(Protocol):
    """What `collect` asks of a source of replies."""

    def replies(self, prompt: str, n_responses: int, *, seed: int, options: SampleOptions) -> list[Reply]:
        """Replies to one prompt with their log-probabilities."""
        ...


@dataclass(frozen=True, kw_only=True)
class TransformersBackend:
    """Replies drawn in this process; ``batch_size`` replies at a time."""

    reference: Reference
    batch_size: int = 64

    def replies(self, prompt: str, n_responses: int, *, seed: int, options: SampleOptions) -> list[Reply]:
        draws = self.reference.sample(
            [prompt], n_responses, seed=seed, options=options, batch_size=self.batch_size
        )
        return next(draws)


@dataclass(frozen=True, kw_only=True)
class ServerBackend:
    """Replies from a vLLM server's completions endpoint, which must serve the same policy.

    Serve a folder written by `Reference.export`, in which adapter and temperature are baked in.
    ``chat_text`` puts a prompt as the model reads it (`Reference.chat_text`); no weights are needed here.
    """

    url: str
    model: str
    chat_text: Callable[[str], str]
    timeout: float = 300.0
    api_key: str | None = None

    def replies(self, prompt: str, n_responses: int, *, seed: int, options: SampleOptions) -> list[Reply]:
        body = {
            "model": self.model,
            "prompt": self.chat_text(prompt),
            "n": n_responses,
            "max_tokens": options.max_new_tokens,
            "temperature": options.temperature,
            "top_p": options.top_p,
            # A served model's generation defaults would bend the distribution.
            "top_k": -1,
            "min_p": 0.0,
            "repetition_penalty": 1.0,
            "presence_penalty": 0.0,
            "frequency_penalty": 0.0,
            "logprobs": 1,
            "add_special_tokens": False,
            "skip_special_tokens": True,
            "seed": prompt_seed(seed, prompt) % 2**31,
        }
        answer = post_json(self.url, "/v1/completions", body, api_key=self.api_key, timeout=self.timeout)
        choices = answer.get("choices")
        if not isinstance(choices, list) or len(choices) != n_responses:
            count = len(choices) if isinstance(choices, list) else 0
            raise BackendError(f"The server at {self.url} sent {count} replies instead of {n_responses}.")
        ordered = sorted(choices, key=lambda choice: choice.get("index", 0))
        return [self._reply(choice, options) for choice in ordered]

    def _reply(self, choice: Mapping[str, Any], options: SampleOptions) -> Reply:
        scores = (choice.get("logprobs") or {}).get("token_logprobs")
        if not scores or any(not isinstance(s, (int, float)) or not math.isfinite(s) for s in scores):
            raise BackendError(
                f"The server at {self.url} sent no token log-probabilities. Start it without "
                "--max-logprobs 0 (vLLM: --logprobs-mode raw_logprobs)."
            )
        # vLLM's raw log-probabilities are those before temperature and nucleus: the reference's own.
        return Reply(
            text=str(choice.get("text", "")),
            log_prob=math.fsum(scores),
            n_tokens=len(scores),
            truncated=choice.get("finish_reason") == "length",
            log_weight=0.0 if options.exact else None,
        )


def post_json(
    url: str, path: str, body: Mapping[str, Any], *, api_key: str | None = None, timeout: float = 300.0
) -> dict[str, Any]:
    """The JSON object that an OpenAI-compatible server at ``url`` answers to ``body``.

    Raises
    ------
    BackendError
        No server, a refusal, no answer within ``timeout`` seconds, or something else than a JSON object.
    """
    headers = {"Content-Type": "application/json"}
    if api_key:
        headers["Authorization"] = f"Bearer {api_key}"
    if not url.startswith(("http://", "https://")):
        raise BackendError(f"The server's address must start with http:// or https://, not {url!r}.")
    request = urllib.request.Request(url.rstrip("/") + path, data=json.dumps(body).encode(), headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            answer = json.loads(response.read())
    except urllib.error.HTTPError as error:
        detail = error.read(2000).decode("utf-8", "replace").strip()
        raise BackendError(f"The server at {url} refused with {error.code}: {detail[:300]}") from error
    except TimeoutError as error:
        raise BackendError(
            f"The server at {url} did not answer within {timeout:g} s. Ask for fewer responses "
            "or raise the timeout."
        ) from error
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise BackendError(f"No server answers at {url} ({reason}). Start it or correct the URL.") from error
    except ValueError as error:
        raise BackendError(f"The server at {url} did not answer in JSON: {error}.") from error
    if not isinstance(answer, dict):
        raise BackendError(f"The server at {url} did not answer with a JSON object.")
    return answer
