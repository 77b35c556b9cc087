"""The scorers' held-out accuracy beside baselines on the same folds, and what one shared pass saves.

    python -m benchmarks.scorers --helpful PAIRS --harmless PAIRS    # minutes of one core: the features
    python -m benchmarks.scorers --helpful PAIRS --harmless PAIRS --quick    # features read back

The pair files are not part of the repository (docs/scorers.md names them): Parquet, CSV or JSONL with the
columns ``context``, ``chosen`` and ``rejected``. Each scorer's recipe is refitted in five folds by opening
turn and scores only what it never saw. On the same folds: the longer reply wins; and TF-IDF of words and
word pairs with log length, a logistic regression of scikit-learn on pair differences. Intervals of
accuracies are Wilson's; those of differences resample openings, so that pairs of one dialogue stay together.

Without files only speed is measured: 64 replies are scored by three scorers in one call of ``score_many``
and by three separate calls, in turn; the time of loading the base model is in both, as a user meets it. One
torch thread, one run of each after a warm-up on a few replies.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dualign import paths
from dualign.cli.output import progress
from dualign.errors import DualignError, InvalidInputError
from dualign.models.default import DEFAULT_NAME
from dualign.models.scorers import load_scorer, score_many
from dualign.models.scorers.encode import Encoder
from dualign.models.scorers.fit import ENCODING, RIDGE, Columns, read_examples
from dualign.models.scorers.fitting import (
    Examples,
    design,
    fold_of_prompts,
    held_out_scores,
    openings,
    wilson,
)
from dualign.models.scorers.scoring import base_folder

NAMES = ("helpful", "harmless", "humor")
PROMPTS = (
    "I can't sleep before exams.",
    "My boss shouts at me every day. What should I do?",
    "How do I tell my parents that I left school?",
    "I feel alone since I moved to this town.",
    "What is a good way to start running?",
    "My friend does not answer me any more.",
    "How can I stop worrying about money?",
    "Tell me something that cheers me up.",
)
PARTS = (
    "That sounds really hard, and I am glad that you told me.",
    "You could start with one small step today.",
    "What has helped you in the past?",
    "I don't know.",
    "Many people feel this way, so you are not alone.",
    "Write down what worries you, then put the paper away until morning.",
    "It may help to talk to someone you trust.",
    "Just get over it.",
)
Array = npt.NDArray[np.float64]


def features_of(path: Path, examples: Examples, cache: Path, *, quick: bool) -> npt.NDArray[np.float32]:
    """Hidden features (N, blocks, hidden size) of the file's replies, kept in ``cache`` under its SHA-256."""
    key = hashlib.sha256(path.read_bytes() + repr(ENCODING).encode()).hexdigest()[:16]
    kept = cache / f"features-{path.stem}-{key}.npy"
    if kept.is_file():
        return np.asarray(np.load(kept), dtype=np.float32)
    if quick:
        raise InvalidInputError(f"{cache} holds no features of {path.name}: run once without --quick.")
    encoder = Encoder(base_folder(DEFAULT_NAME), depth=max(ENCODING.layers), threads=1)
    found = encoder.features(
        examples.prompts, examples.responses, ENCODING, progress=progress(f"replies of {path.name} encoded")
    )
    cache.mkdir(parents=True, exist_ok=True)
    np.save(kept, found)
    return found


def tfidf_margins(examples: Examples, fold: npt.NDArray[np.int64]) -> Array:
    """Held-out margin (n,) of every pair by TF-IDF and log length, fitted on the other folds."""
    from scipy.sparse import csr_matrix, hstack, vstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    chosen, other = examples.pairs.T
    pair_fold = fold[chosen]
    lengths = np.log1p([len(text) for text in examples.responses])
    margins = np.empty(len(chosen))
    for test in np.unique(fold):
        train = pair_fold != test
        words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        words.fit([examples.responses[i] for i in np.r_[chosen[train], other[train]]])
        table = words.transform(examples.responses)
        difference = hstack(
            [table[chosen] - table[other], csr_matrix((lengths[chosen] - lengths[other])[:, None])]
        ).tocsr()
        # Each pair both ways round: the rule is odd in the difference, so no intercept.
        model = LogisticRegression(fit_intercept=False, C=1.0, max_iter=1000)
        model.fit(vstack([difference[train], -difference[train]]), np.repeat([1, 0], train.sum()))
        margins[~train] = model.decision_function(difference[~train])
    return margins


def accuracy(margins: Array) -> Array:
    """1 for a pair put the right way round, 0.5 for a tie, else 0, (n,)."""
    return np.where(margins > 0, 1.0, np.where(margins == 0, 0.5, 0.0))


def difference_interval(
    ours: Array, theirs: Array, cluster: npt.NDArray[np.int64], rng: np.random.Generator, draws: int = 2000
) -> tuple[float, float]:
    """95 % interval of the difference in accuracy, resampling clusters of pairs."""
    _, code = np.unique(cluster, return_inverse=True)
    gain, size = np.bincount(code, weights=ours - theirs), np.bincount(code)
    picks = rng.integers(0, size.size, size=(draws, size.size))
    low, high = np.quantile(gain[picks].sum(axis=1) / size[picks].sum(axis=1), [0.025, 0.975])
    return float(low), float(high)


def measure(name: str, path: Path, cache: Path, *, quick: bool) -> None:
    """Print held-out accuracies of the recipe and of the baselines on one file of pairs."""
    examples = read_examples([path], Columns(prompt="context"))
    features = features_of(path, examples, cache, quick=quick)
    fold = fold_of_prompts(examples.prompts)
    chosen, other = examples.pairs.T
    scores = held_out_scores(design(features, examples.responses).matrix, examples, ridge=RIDGE)
    lengths = np.array([len(text) for text in examples.responses], dtype=np.float64)
    rules = {
        "this recipe": accuracy(scores[chosen] - scores[other]),
        "TF-IDF and log length": accuracy(tfidf_margins(examples, fold)),
        "longer reply wins": accuracy(lengths[chosen] - lengths[other]),
    }
    ours, cluster, rng = rules["this recipe"], openings(examples.prompts)[chosen], np.random.default_rng(0)
    print(f"{name}: {len(chosen)} pairs of {path.name}, {np.unique(cluster).size} openings, 5 folds")
    for rule, right in rules.items():
        low, high = wilson(float(right.sum()), right.size)
        line = f"  {rule:22} {right.mean():.3f} [{low:.3f}, {high:.3f}]"
        if right is not ours:
            less, more = difference_interval(ours, right, cluster, rng)
            line += f"   this recipe is {ours.mean() - right.mean():+.3f} [{less:+.3f}, {more:+.3f}] better"
        print(line)
    record = load_scorer(paths.shipped_root() / "scorers" / name).info.metrics
    print(f"  its record says {record['accuracy']:.3f} on {record['n']} pairs")


def timed(call: Callable[[], dict[str, np.ndarray]]) -> tuple[float, dict[str, np.ndarray]]:
    """Seconds of a call, and what it returned."""
    start = time.perf_counter()
    found = call()
    return time.perf_counter() - start, found


def speed() -> None:
    """Print replies a second and the ratio of one shared pass to three."""
    scorers = [load_scorer(paths.shipped_root() / "scorers" / name) for name in NAMES]
    rng = np.random.default_rng(0)
    prompts = [prompt for prompt in PROMPTS for _ in range(8)]
    replies = [" ".join(rng.choice(PARTS, size=rng.integers(1, 6), replace=False)) for _ in prompts]
    score_many(scorers, prompts[:4], replies[:4], threads=1)
    one, together = timed(lambda: score_many(scorers, prompts, replies, threads=1))
    three, apart = timed(lambda: {s.info.name: s.score(prompts, replies, threads=1) for s in scorers})
    for name in NAMES:
        np.testing.assert_array_equal(together[name], apart[name])
    print(f"score_many, three scorers: {len(replies) / one:6.1f} replies/s")
    print(f"three separate calls:      {len(replies) / three:6.1f} replies/s")
    print(f"ratio of times: {three / one:.2f}, same scores")


def main() -> None:
    """Print accuracies where pair files are given, and the speed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scorers", description=__doc__.split("\n")[0])
    parser.add_argument("--helpful", type=Path, metavar="FILE", help="pairs: context, chosen, rejected")
    parser.add_argument("--harmless", type=Path, metavar="FILE", help="pairs: context, chosen, rejected")
    parser.add_argument(
        "--features",
        type=Path,
        metavar="DIR",
        help="where features are kept (in the store)",
        default=paths.store_root() / "benchmarks",
    )
    parser.add_argument("--quick", action="store_true", help="read features back and leave the speed out")
    arguments = parser.parse_args()
    files = {"helpful": arguments.helpful, "harmless": arguments.harmless}
    if not any(files.values()):
        print("accuracy is not measured: it needs --helpful FILE and --harmless FILE")
    try:
        for name, path in files.items():
            if path is not None:
                measure(name, path, arguments.features, quick=arguments.quick)
    except DualignError as error:
        raise SystemExit(str(error)) from None
    if not arguments.quick:
        speed()


if __name__ == "__main__":
    main()
