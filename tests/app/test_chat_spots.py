"""Where policies of the chat sit: forecasts, measurements, guesses, and what is told of each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dualign.evaluation import policies
from dualign.models.chat import (
    AdapterPolicy,
    InterpolatedPolicy,
    MixedPolicy,
    ReferencePolicy,
    ResampledPolicy,
)
from dualign.models.policies import PolicySpec
from dualign.samples import Store
from dualign.ui.chat import catalogue, landscape, spots
from tests.app.conftest import make_set

LIVE = ResampledPolicy(multipliers={"harmless": 0.75}, beta=0.5)


def test_the_landscape_ranks_and_tells_policies_apart() -> None:
    sample_set = make_set("plain")
    land = landscape.build(sample_set, reward="helpful", utility="harmless", beta=1.0, best=0.8, top=3.0)
    reference, careful = land.spot(None), land.spot(2.0)
    assert reference.utility_rank == pytest.approx(50.0, abs=0.01)
    assert careful.utility > reference.utility
    assert careful.utility_rank > 60
    apart = land.differences(ReferencePolicy(), LIVE, {})
    assert apart.shape == (sample_set.n_prompts,)
    assert np.all((apart >= 0) & (apart <= 1))
    assert np.allclose(land.differences(LIVE, LIVE, {}), 0)
    assert land.rank("helpful", 1e9) == 100.0


def policy_spec(**metrics: object) -> PolicySpec:
    return PolicySpec(
        name="mine",
        title="Mine",
        method="mocan",
        reference="demo",
        reference_sha256="",
        samples="plain",
        samples_hash="",
        beta=1.0,
        multipliers={"harmless": 1.0},
        sha256="0" * 64,
        metrics=metrics,
    )


def test_what_is_given_up_is_counted_from_the_same_kind() -> None:
    land = landscape.build(
        make_set("plain"), reward="helpful", utility="harmless", beta=1.0, best=0.8, top=3.0
    )
    best = ResampledPolicy(multipliers={"harmless": 1.0}, beta=1.0, candidates=8, best=True)
    free, spot = spots.most_helpful(best, land), spots.spot_of(best, land, {})
    assert free.reward_rank > land.resampled(0.0, 8).reward_rank
    told = spots.gives_up(spot, land.spot(None), free, land, simple=True)
    assert f"gives up {free.reward_rank - spot.reward_rank:.0f} places of helpfulness" in told


def test_a_choice_among_few_replies_reaches_less_than_the_exact_policy() -> None:
    sample_set = make_set("plain")
    land = landscape.build(sample_set, reward="helpful", utility="harmless", beta=1.0, best=0.8, top=3.0)
    exact = land.spot(2.0)
    found = [land.resampled(2.0, candidates) for candidates in (1, 2, 4, 64)]
    assert found[0].utility == pytest.approx(land.spot(None).utility, abs=0.15)
    assert [spot.utility for spot in found] == sorted(spot.utility for spot in found)
    assert found[-1].utility == pytest.approx(exact.utility)
    assert found[-1].utility_rank == pytest.approx(exact.utility_rank)
    best = land.resampled(0.0, 64, best=True)
    assert best.reward == pytest.approx(np.nanmax(land.scores("helpful"), axis=1).mean())
    assert land.resampled(0.0, 4, best=True).reward < best.reward


def test_what_was_not_measured_has_no_figures(temporary_store: Path) -> None:
    sample_set = make_set("plain")
    Store().save(sample_set)
    land = landscape.build(sample_set, reward="helpful", utility="harmless", beta=1.0, best=0.8, top=3.0)
    reference = land.spot(None)
    specs = {"one": measured_spec("one", 0.2), "two": measured_spec("two", 0.6), "new": policy_spec()}

    def at(weights: dict[str, float]) -> landscape.Spot:
        return spots.spot_of(InterpolatedPolicy(weights=weights), land, specs)

    # An end of the way is the policy that stands there.
    assert at({"one": 0.0, "two": 1.0}) == spots.spot_of(AdapterPolicy(name="two"), land, specs)
    middle = at({"one": 0.5, "two": 0.5})
    assert middle.basis == "between"
    assert middle.utility - reference.utility == pytest.approx(0.4)
    assert at({"one": 0.5}).utility - reference.utility == pytest.approx(0.1)
    for unknown in ({"one": -0.5, "two": 1.5}, {"one": 0.5, "new": 0.5}, {"one": 0.5, "absent": 0.5}):
        assert not at(unknown).known
    mixed = spots.spot_of(MixedPolicy(reward="one", multipliers={"two": 1.0}), land, specs)
    assert not mixed.known
    # A link may name a mixture with nothing to price.
    bare = MixedPolicy(reward="one", multipliers={})
    assert catalogue.lam_of(bare) is None
    assert catalogue.with_lam(bare, 1.0) == bare
    assert catalogue.title(bare, land, specs, simple=False)
    for simple in (True, False):
        assert "measured" in spots.gives_up(mixed, reference, reference, land, simple=simple)
        assert "nan" not in spots.gives_up(mixed, reference, reference, land, simple=simple)


def measured_spec(name: str, gain: float) -> PolicySpec:
    record = {
        "reward_gain": -0.1,
        "reward_gain_error": 0.02,
        "utility_gains": {"harmless": gain},
        "utility_gains_error": {"harmless": 0.03},
        "kl": 0.4,
        "n_prompts": 5,
    }
    return replace(policy_spec(held_out_off_policy=record), name=name)


def test_plain_names_of_trained_policies() -> None:
    asked = replace(policy_spec(), thresholds={"harmless": 0.25}, title="MoCAN, harmless ≥ 0.25 (lam 0.784)")
    named = [
        asked,
        replace(asked, method="mocaid"),
        replace(asked, method="pecan"),
        replace(policy_spec(), reward="", multipliers={"harmless": 2.0}),
        replace(policy_spec(), reward="helpful", multipliers={"harmless": 0.0}),
    ]
    titles = [catalogue.option_title(catalogue.Option("adapter", "x"), {"x": s}, simple=True) for s in named]
    assert titles == [
        "Trained to be more careful by 0.25",
        "Trained in rounds to be more careful by 0.25",
        "Trained from two others to be more careful by 0.25",
        "Trained to be careful alone",
        "Trained to be helpful alone",
    ]


def test_a_trained_policy_sits_where_it_was_measured(temporary_store: Path) -> None:
    sample_set = make_set("plain")
    Store().save(sample_set)
    land = landscape.build(sample_set, reward="helpful", utility="harmless", beta=1.0, best=0.8, top=3.0)
    reference, policy = land.spot(None), AdapterPolicy(name="mine")
    assert spots.spot_of(policy, land, {"mine": policy_spec()}).basis == "predicted"
    record = {
        "reward_gain": -0.25,
        "reward_gain_error": 0.02,
        "utility_gains": {"harmless": 0.5},
        "utility_gains_error": {"harmless": 0.03},
        "kl": 0.4,
        "n_prompts": 5,
    }
    spec = policy_spec(held_out_off_policy=record)
    spot = spots.spot_of(policy, land, {"mine": spec})
    assert spot.basis == "measured"
    assert (spot.reward, spot.utility) == pytest.approx((reference.reward - 0.25, reference.utility + 0.5))
    assert spot.utility_rank > 55 > 45 > spot.reward_rank
    # Its gain in one reward is none in another.
    other = landscape.build(sample_set, reward="humor", utility="harmless", beta=1.0, best=0.8, top=3.0)
    assert spots.spot_of(policy, other, {"mine": spec}).basis == "predicted"
    asked = land.prompts[3:5]
    rows = [place for place in range(len(land.prompts)) if land.prompts[place] in asked]
    table = pa.table(
        {
            **{name: pa.array([0] * 4).cast(kind) for name, kind in policies.COLUMNS.items()},
            "prompt": [prompt for prompt in asked for _ in range(2)],
            "helpful": [1.0, 2.0, 3.0, 4.0],
            "harmless": [0.0, 0.0, 1.0, 1.0],
        }
    )
    told = policies.EvaluationRecord(
        policy="mine",
        samples="plain",
        samples_hash="",
        scores=("helpful", "harmless"),
        policy_sha256=spec.sha256,
    )
    policies.write_evaluation(told, table)
    own = spots.spot_of(policy, land, {"mine": spec})
    assert own.reward - reference.reward == pytest.approx(2.5 - np.nanmean(land.scores("helpful")[rows]))
    assert own.utility - reference.utility == pytest.approx(0.5 - np.nanmean(land.scores("harmless")[rows]))
    replies, before = np.array([0.0, 0.0, 1.0, 1.0]), land.scores("harmless")[rows]
    moved = np.mean(land.ranks("harmless", replies)) - np.mean(land.ranks("harmless", before))
    assert own.utility_rank - reference.utility_rank == pytest.approx(moved)
    again = replace(spec, sha256="1" * 64)
    assert spots.spot_of(policy, land, {"mine": again}) == spot
