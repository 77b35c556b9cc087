// The lens's position: what the page alone knows, and what the browser makes of it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { grown } from "../../dualign/ui/lens/js/dualpanel.js";
import { decimals, fixed, missed, perUnit, singular, story, ticks } from "../../dualign/ui/lens/js/format.js";
import { Model } from "../../dualign/ui/lens/js/model.js";
import { decodeSamples } from "../../dualign/ui/lens/js/samples.js";

const folder = process.env.LENS_FIXTURES;
const systems = Object.fromEntries(JSON.parse(readFileSync(join(folder, "index.json"), "utf8")).map((system) => [system.name, system]));

function model(name, more = {}) {
  const system = systems[name];
  const samples = decodeSamples(new Uint8Array(readFileSync(join(folder, `${name}.bin`))));
  const m = system.thresholds.length;
  const config = {
    constraint: 0, multipliers: system.held, thresholds: system.thresholds, beta: system.beta, forms: system.thresholds.map(() => "improvement"),
    names: ["harmless", "humor"].slice(0, m), units: Array(m).fill("points"), reward: "helpful", reward_unit: "reward units",
    optimum: null, reach: null, following: null, ...more,
  };
  return new Model(samples, config);
}

test("however far out the page stands, the lens stands there too", () => {
  for (const name of ["plain", "infeasible"]) {
    for (const lam of [0.4, 3.5, 40, 5000]) {
      const lens = model(name, { multipliers: [lam] });
      assert.equal(lens.multiplier, lam);
      assert.ok(lens.high >= lam);
      assert.equal(lens.position().multipliers[0], lam);
    }
  }
});

test("where no multiplier is enough an infinite one becomes a place on the axis", () => {
  const lens = model("infeasible", { multipliers: [1e12] });
  assert.ok(lens.multiplier > 0 && lens.multiplier <= lens.high && lens.high < 1e3);
});

test("the very best that can be reached is met in the limit, and no infeasible wish", () => {
  const lens = model("plain");
  lens.setThreshold(lens.ends[1].utility);
  const [verdict, words] = story(lens.view());
  assert.equal(verdict, "limit");
  assert.match(words, /very best that can be reached/);
  lens.setThreshold(lens.ends[1].utility + 0.01);
  assert.equal(story(lens.view())[0], "infeasible");
});

test("a conflict that only the page sees makes the lens infeasible, and lifting it feasible again", () => {
  const told = systems.two_constraints.thresholds[0] - 0.05;
  const lens = model("two_constraints", { reach: told, following: true, multipliers: [3, 3] });
  const view = lens.view();
  assert.equal(view.optimum.outcome, "infeasible");
  assert.equal(view.atOptimum, false);
  assert.ok(view.bounded, "along this multiplier alone D has a lowest point");
  const [verdict, words] = story(view);
  assert.equal(verdict, "infeasible");
  assert.match(words, /beside the others.*humor is held at 3\.00/);
  lens.setThreshold(told - 0.05);
  assert.notEqual(lens.view().optimum.outcome, "infeasible");
  assert.ok(lens.view().atOptimum, "a lens that follows lam* does so again");
  const hopeless = model("two_constraints", { reach: "none", blocked: "g1 cannot be met even alone" });
  hopeless.setThreshold(-50);
  assert.match(story(hopeless.view())[1], /No λ is enough: g1 cannot be met even alone/);
});

test("only with the others at their own optimum is the lowest point called D*", () => {
  const start = model("two_constraints");
  assert.equal(start.others, false);
  // The joint optimum, one multiplier at a time.
  let best = [1, 1];
  for (let k = 0; k < 80; k++) {
    const along = model("two_constraints", { constraint: k % 2, multipliers: best });
    best = best.map((lam, j) => (j === k % 2 ? along.optimum.multiplier : lam));
  }
  const told = { optimum: best, reach: 99 };
  const away = model("two_constraints", { ...told, multipliers: [2, 3] });
  assert.equal(away.view().others, false);
  away.toOptimum();
  assert.ok(away.view().others && away.view().atOptimum);
  away.multipliers.forEach((lam, k) => assert.ok(Math.abs(lam - best[k]) < 1e-6));
  assert.deepEqual(missed(away.view()), []);
  assert.match(story(away.view())[1], /= \u03bb\*.*= P\*.*held/);
  away.setThreshold(away.threshold + 0.01);
  assert.equal(away.others, false, "what was told holds for the thresholds it was told for");
});

test("a drag that is taken back leaves nothing behind", () => {
  const lens = model("plain", { multipliers: [0.4] });
  const before = lens.position();
  lens.setMultiplier(0.9);
  lens.setThreshold(lens.threshold + 0.2);
  lens.takeBack(before);
  assert.deepEqual(lens.position(), before);
  lens.toOptimum();
  const best = lens.position();
  lens.setThreshold(lens.threshold + 0.2);
  lens.takeBack(best);
  assert.deepEqual(lens.position(), best);
});

test("towards the highest threshold the axis grows with lam*, and beyond it the lens stays on its axis", () => {
  const lens = model("plain");
  lens.toOptimum();
  const { ceiling } = lens;
  for (let k = 1; k <= 60; k++) {
    lens.setThreshold(ceiling * (0.5 + 0.6 * (k / 60)));
    assert.ok(lens.multiplier <= lens.high, `${lens.multiplier} on an axis to ${lens.high}`);
  }
  assert.equal(lens.optimum.outcome, "infeasible");
  assert.equal(lens.position().at_optimum, true);
  lens.setThreshold(0.5 * ceiling);
  assert.ok(lens.view().atOptimum);
});

test("units are named in the singular only where they are plural words", () => {
  assert.deepEqual(["points", "utility units", "s.d.", "share of replies", "class"].map(singular),
    ["point", "utility unit", "s.d.", "share of replies", "class"]);
  assert.equal(perUnit({ units: ["share of replies"], constraint: 0 }), "share of 100 %");
});

test("no sentence ends a unit's full stop twice", () => {
  for (const name of ["plain", "infeasible", "not_binding", "two_constraints"]) {
    const m = systems[name].thresholds.length;
    for (const following of [true, null]) {
      const lens = model(name, { units: Array(m).fill("s.d."), following });
      for (const act of [() => lens.toOptimum(), () => lens.setMultiplier(0.2)]) {
        act();
        assert.doesNotMatch(story(lens.view())[1], /\.\.|undefined|NaN/);
      }
    }
  }
});

test("scores of any size are written with digits that say something", () => {
  assert.equal(fixed(-4.28e-10, decimals(1e-9)), "\u22124.28e\u221210");
  assert.equal(fixed(1e-30, decimals(1e-9)), "0");
  assert.equal(fixed(0.1234, decimals(1)), "0.12");
});

test("a utility that does not vary has an axis, and an axis of rounding has one mark", () => {
  const lens = model("plain");
  lens.samples.spread.utilities[0] = 0;
  assert.ok(lens.natural <= 1e6);
  assert.deepEqual(ticks(1, 1 + 4e-16, 5).values.length, 1);
  const [low, high] = grown([0.3, 0.3 + 5e-17], null, 0.16);
  assert.ok(ticks(low, high, 5).values.length < 20);
});
