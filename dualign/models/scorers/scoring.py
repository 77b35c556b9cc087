"""Loading scorers by name and scoring replies, one pass of the base model shared by all of our heads."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from dualign.errors import InvalidInputError, ModelError
from dualign.models.default import DEFAULT_NAME, ensure_default_model
from dualign.models.scorers.encode import Encoder
from dualign.models.scorers.head import HeadScorer, Progress, load_head
from dualign.models.scorers.info import CONFIG, ScorerInfo, scorer_folder
from dualign.samples import SampleSet, ScoreInfo
from dualign.samples.apply import with_defaults

Array = npt.NDArray[np.float64]


class Scorer(Protocol):
    """A reward model: one number a reply, larger is better."""

    @property
    def info(self) -> ScorerInfo: ...

    def score(
        self,
        prompts: Sequence[str],
        responses: Sequence[str],
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> Array: ...


def load_scorer(name_or_path: str | Path) -> Scorer:
    """A scorer by name or folder: ours, a one-output sequence classifier, or a Beaver-style score model.

    Parameters
    ----------
    name_or_path
        ``FOLDER:cost`` or ``FOLDER:reward`` says whether a reward model's own number is better when smaller;
        its scores are turned so that larger is better. ``FOLDER:label=K`` takes the logit of class K of a
        classifier of several classes.

    Raises
    ------
    ModelError
        No such scorer, a failed checksum, a folder of another kind of model, or one of unknown sign.
    """
    path, _, suffix = str(name_or_path).rpartition(":")
    cost = {"cost": True, "reward": False}.get(suffix) if path else None
    number = suffix.removeprefix("label=")
    label = int(number) if path and suffix != number and number.isdecimal() else None
    folder = scorer_folder(name_or_path if cost is None and label is None else path)
    if (folder / CONFIG).is_file():
        if cost or label is not None:
            raise ModelError(f"scorer '{path}' is better when larger by construction: leave ':{suffix}' out.")
        return load_head(folder)
    from dualign.models.scorers.reward_models import load_reward_model

    return load_reward_model(folder, cost, label=label)


def base_folder(base: str) -> Path:
    """Folder of a scorer's base model; the default model is fetched if need be."""
    return ensure_default_model() if base == DEFAULT_NAME else Path(base)


def score_many(
    scorers: Sequence[Scorer],
    prompts: Sequence[str],
    responses: Sequence[str],
    *,
    threads: int | None = None,
    progress: Progress | None = None,
    encoders: MutableMapping[tuple[str, int], Encoder] | None = None,
) -> dict[str, Array]:
    """Scores (N,) by scorer name. Heads on the same base and encoding share one pass of it.

    Parameters
    ----------
    encoders
        Base models by name and depth, kept by the caller from one call to the next; by default each call
        loads its own.
    """
    if len(prompts) != len(responses):
        raise InvalidInputError(
            f"{len(prompts)} prompts but {len(responses)} responses: give one prompt for each."
        )
    out: dict[str, Array] = {}
    shared: dict[tuple[str, Any], list[HeadScorer]] = {}
    for scorer in scorers:
        if isinstance(scorer, HeadScorer):
            shared.setdefault((scorer.info.base, scorer.encoding), []).append(scorer)
        else:
            out[scorer.info.name] = scorer.score(prompts, responses, threads=threads, progress=progress)
    for (base, encoding), heads in shared.items():
        depth = max(encoding.layers)
        encoder = encoders.get((base, depth)) if encoders is not None else None
        if encoder is None:
            encoder = Encoder(base_folder(base), depth=depth, threads=threads)
            if encoders is not None:
                encoders[base, depth] = encoder
        features = encoder.features(prompts, responses, encoding, progress=progress)
        for scorer in heads:
            out[scorer.info.name] = scorer.head(features, responses)
    return {scorer.info.name: out[scorer.info.name] for scorer in scorers}


def require_texts(sample_set: SampleSet) -> None:
    """InvalidInputError where a set holds scores without texts: a scorer would score the empty reply."""
    if sample_set.textless == sample_set.table.num_rows:
        raise InvalidInputError(
            f"'{sample_set.name}' holds no texts: all its {sample_set.table.num_rows:,} replies are empty, so there "
            "is nothing to score. Import the file with a column of replies, named by --response."
        )


def score_set(
    sample_set: SampleSet,
    scorers: Sequence[str],
    *,
    name: str,
    reward: str | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> SampleSet:
    """The set under a new name with one score column a scorer, as `scored_set`.

    Raises
    ------
    InvalidInputError
        The set holds no texts of replies, or ``reward`` names no score.
    """
    require_texts(sample_set)
    loaded = [load_scorer(scorer) for scorer in scorers]
    names = [scorer.info.name for scorer in loaded]
    if reward in scorers:
        reward = names[list(scorers).index(str(reward))]
    known = list(dict.fromkeys([*names, *sample_set.manifest.scores]))
    if reward is not None and reward not in known:
        raise InvalidInputError(
            f"no score is named '{reward}', to be the reward: there are {', '.join(known)}."
        )
    table = sample_set.table
    scores = score_many(
        loaded, table["prompt"].to_pylist(), table["response"].to_pylist(), threads=threads, progress=progress
    )
    return scored_set(sample_set, loaded, scores, name=name, reward=reward)


def scored_set(
    sample_set: SampleSet,
    scorers: Sequence[Scorer],
    scores: Mapping[str, npt.ArrayLike],
    *,
    name: str,
    reward: str | None = None,
) -> SampleSet:
    """The set under a new name with the ``scores`` (N,) of ``scorers``.

    The reward is ``reward``, else the set's own, else the first scorer. Beta and thresholds of what is new, or
    of another reward, are chosen anew as on import; thresholds of scores that stay are kept.
    """
    names = [scorer.info.name for scorer in scorers]
    infos = {
        scorer.info.name: ScoreInfo(
            unit=scorer.info.unit,
            description=scorer.info.description,
            scorer=scorer.info.name,
            cost=not isinstance(scorer, HeadScorer) and getattr(scorer, "sign", 1.0) < 0,
        )
        for scorer in scorers
    }
    chosen = reward or sample_set.manifest.reward or names[0]
    utilities = [n for n in (*sample_set.manifest.utilities, *names) if n != chosen]
    scored = sample_set.with_scores(scores, infos, reward=chosen, utilities=tuple(dict.fromkeys(utilities)))
    old = sample_set.manifest
    found = with_defaults(scored, beta=chosen != old.reward or chosen in names)
    levels = {
        utility: old.default_thresholds[utility]
        if utility in old.default_thresholds and utility not in names
        else level
        for utility, level in found.manifest.default_thresholds.items()
        if utility in found.manifest.utilities
    }
    return SampleSet(
        found.table,
        replace(
            found.manifest,
            name=name,
            title=old.title and f"{old.title}, scored",
            files={},
            created="",
            default_thresholds=levels,
        ),
    )
