"""Collecting replies to prompts: progress, several processes, and going on after an interruption."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dualign.errors import BackendError, DualignError, InvalidInputError
from dualign.models.backends import Backend, ServerBackend, TransformersBackend
from dualign.models.reference import chat_text, load_reference, load_tokenizer, resolve_spec
from dualign.models.sampling import SampleOptions
from dualign.models.shards import (
    CollectedPrompt,
    Prompt,
    append,
    check_prompts,
    interleave,
    locked,
    open_run,
    read_settings,
    read_shards,
)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a collection is; ``remaining_seconds`` is None until the first prompt of this run is done."""

    done: int
    total: int
    elapsed_seconds: float
    remaining_seconds: float | None


def collect(
    prompts: Sequence[Prompt],
    *,
    reference: str = "demo",
    n_responses: int = 64,
    seed: int = 0,
    out: Path,
    options: SampleOptions | None = None,
    server: str | None = None,
    served_model: str | None = None,
    dtype: str = "float32",
    workers: int = 1,
    threads: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Path:
    """Folder ``out`` with ``n_responses`` replies to every prompt, begun or continued.

    Draws are exactly from the reference unless ``options`` says otherwise. A run that was cut off
    anywhere continues with the same arguments and gives the same draws as an unbroken one.

    Parameters
    ----------
    prompts : sequence of Prompt
        Answered in turn from each group.
    reference : str
        See `dualign.models.reference.resolve_spec`.
    n_responses : int
        Replies I a prompt.
    seed : int
        Draws depend on it and on the prompt's text, not on order, workers or interruptions.
    options : SampleOptions, optional
        By default exact draws with the reference's own length limit.
    server, served_model : str, optional
        Address and model name of a vLLM server to be asked instead of loading the model here.
    workers, threads : int
        Processes that sample, and torch threads in each.
    on_progress : callable, optional
        Called after every prompt.

    Raises
    ------
    DualignError
        A sentence: unusable prompts, a missing model, other settings in ``out``, a server that fails.
    """
    check_prompts(prompts)
    if n_responses < 1 or workers < 1:
        raise InvalidInputError(f"responses and workers must be at least 1, not {n_responses} and {workers}.")
    if seed < 0 or (threads is not None and threads < 1):
        raise InvalidInputError(
            f"the seed must be at least 0 and threads at least 1, not {seed} and {threads}."
        )
    if bool(server) != bool(served_model):
        raise InvalidInputError(
            "A server is given by its address and the name of the model it serves: give both."
        )
    spec, _ = resolve_spec(reference)
    options = options or SampleOptions(max_new_tokens=spec.max_new_tokens)
    how: dict[str, Any] = (
        {"backend": "server", "served_model": served_model}
        if server
        else {"backend": "transformers", "dtype": dtype}
    )
    settings = {
        "reference": {"name": reference, **spec.provenance()},
        "n_responses": n_responses,
        "seed": seed,
        "max_new_tokens": options.max_new_tokens,
        "temperature": options.temperature,
        "top_p": options.top_p,
        "exact": options.exact,
        **how,
    }
    with locked(out):
        open_run(out, prompts, settings)
        done = {item.prompt.prompt_id for item in read_shards(out)}
        todo = [p for p in interleave(prompts) if p.prompt_id not in done]
        report = _Reporter(total=len(prompts), before=len(done), on_progress=on_progress)
        task = _Task(
            reference=reference,
            n_responses=n_responses,
            seed=seed,
            out=out,
            options=options,
            server=server,
            served_model=served_model,
            dtype=dtype,
            threads=threads,
        )
        if workers == 1 or len(todo) <= 1:
            task.run(todo, 0, report.step)
        elif todo:
            _run_workers(task, todo, min(workers, len(todo)), report.step)
    return out


@dataclass(frozen=True, kw_only=True)
class _Task:
    reference: str
    n_responses: int
    seed: int
    out: Path
    options: SampleOptions
    server: str | None
    served_model: str | None
    dtype: str
    threads: int | None

    def backend(self) -> Backend:
        if self.server and self.served_model:
            spec, _ = resolve_spec(self.reference)
            put = partial(chat_text, load_tokenizer(spec), spec)
            return ServerBackend(url=self.server, model=self.served_model, chat_text=put)
        loaded = load_reference(self.reference, dtype=self.dtype, threads=self.threads)
        return TransformersBackend(reference=loaded, batch_size=min(self.n_responses, 64))

    def run(self, prompts: Sequence[Prompt], worker: int, step: Callable[[], None]) -> None:
        if not prompts:
            return
        backend = self.backend()
        for prompt in prompts:
            started = time.monotonic()
            replies = backend.replies(prompt.text, self.n_responses, seed=self.seed, options=self.options)
            item = CollectedPrompt(prompt=prompt, replies=tuple(replies), seconds=time.monotonic() - started)
            append(self.out / f"shard-{worker:02d}.jsonl", item)
            step()


class _Reporter:
    def __init__(self, *, total: int, before: int, on_progress: Callable[[Progress], None] | None) -> None:
        self.total, self.before, self.on_progress = total, before, on_progress
        self.done, self.started = 0, time.monotonic()

    def step(self) -> None:
        self.done += 1
        elapsed = time.monotonic() - self.started
        left = (self.total - self.before - self.done) * elapsed / self.done
        if self.on_progress is not None:
            self.on_progress(
                Progress(
                    done=self.before + self.done,
                    total=self.total,
                    elapsed_seconds=elapsed,
                    remaining_seconds=left,
                )
            )


def _work(task: _Task, prompts: Sequence[Prompt], worker: int, queue: Any) -> None:
    try:
        task.run(prompts, worker, lambda: queue.put(("done", "")))
        queue.put(("end", ""))
    except DualignError as error:
        queue.put(("error", str(error)))


def _run_workers(task: _Task, todo: Sequence[Prompt], workers: int, step: Callable[[], None]) -> None:
    import queue as queues

    # Fork would copy torch's thread pool in an unusable state.
    context = multiprocessing.get_context("spawn")
    messages = context.Queue()
    processes = [
        context.Process(target=_work, args=(task, todo[i::workers], i, messages), daemon=True)
        for i in range(workers)
    ]
    for process in processes:
        process.start()
    running = workers
    try:
        while running:
            try:
                kind, text = messages.get(timeout=5.0)
            except queues.Empty:
                dead = [p for p in processes if p.exitcode not in (None, 0)]
                if dead:
                    raise BackendError(
                        f"A sampling process ended with code {dead[0].exitcode}, perhaps for want of memory. "
                        "Run the same command again with fewer workers; what is done is kept."
                    ) from None
                continue
            if kind == "error":
                raise BackendError(text)
            if kind == "end":
                running -= 1
            else:
                step()
    finally:
        for process in processes:
            if running:
                process.terminate()
            process.join()


def provenance(folder: Path) -> dict[str, Any]:
    """What a manifest says about how the replies in ``folder`` were drawn, in words where not exactly."""
    settings = read_settings(folder)
    record = {k: v for k, v in settings.items() if k not in ("fingerprint", "n_prompts")}
    if not settings.get("exact", True):
        record["note"] = (
            f"Drawn at temperature {settings['temperature']:g} and top_p {settings['top_p']:g}, not exactly "
            "from the reference; log_weight, where present, corrects for the temperature only."
        )
    return record
