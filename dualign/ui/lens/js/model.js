// The lens's position and what follows from it. Each change costs no more than it must: a threshold moves the
// curve by -lam b without a single exponential, a multiplier needs one pass, beta one curve.
import { curveAt, dualCurve, evaluate, limit, multiplierAtUtility, solve } from "./dual.js";
import { decimals, fixed, niceCeil, signed } from "./format.js";
import { slice } from "./samples.js";

const BELOW = 16, ABOVE = 32;
// Python's stand-in for an infinite multiplier.
const UNBOUNDED = 1e12;
const TAIL_UP = [1.4, 2, 3.2, 6, 14], TAIL_DOWN = [1.6, 3, 8];

export class Model {
  constructor(samples, config) {
    this.samples = samples;
    this.high = 0;
    this.adopt(config);
    this.origin = { ...this.position(), optimum: config.optimum, following: config.following };
  }

  // What the page alone knows of a position: the lam* of all constraints together, and how far this one can go.
  tell(config) {
    this.config = config;
    const { thresholds, beta, optimum, reach } = config;
    this.told = { thresholds: [...thresholds], beta, optimum: optimum ?? null, reach: reach ?? null };
  }

  // Take over a position from Python.
  adopt(config) {
    this.tell(config);
    this.active = config.constraint;
    this.multipliers = [...config.multipliers];
    this.thresholds = [...config.thresholds];
    this.beta = config.beta;
    this.problem = slice(this.samples, this.active, this.multipliers);
    this.glued = false;
    this.high = 0;
    this.optimum = null;
    if (this.multiplier >= UNBOUNDED) this.multipliers[this.active] = 2 * this.natural;
    this.recompute(true, true);
    const { outcome, multiplier } = this.optimum;
    const close = outcome !== "infeasible" && Math.abs(this.multiplier - multiplier) <= 2e-4 * this.high;
    this.glued = config.following === true || close;
    this.settle();
  }

  // Back to where a drag that does not count began.
  takeBack({ multipliers, thresholds, beta, at_optimum }) {
    this.multipliers = [...multipliers];
    this.thresholds = [...thresholds];
    this.beta = beta;
    this.glued = false;
    this.recompute(true, true);
    this.glued = at_optimum;
  }

  get multiplier() {
    return this.multipliers[this.active];
  }

  get baseline() {
    return this.samples.baseline[this.active];
  }

  // The highest threshold that some policy meets, as improvement. Where other constraints hold it back only the
  // page knows it; they do not move while this one is dragged.
  get ceiling() {
    const { reach } = this.told;
    if (reach === null) return this.ends[1].utility;
    return reach === "none" ? -Infinity : this.improvementOf(this.active, reach);
  }

  // The multipliers of the optimum of all constraints together, where this is the position they were told for.
  get joint() {
    const { thresholds, beta, optimum } = this.told;
    return optimum && beta === this.beta && thresholds.every((b, k) => b === this.thresholds[k]) ? optimum : null;
  }

  // Whether the lowest point along this multiplier is D* itself: the other multipliers must stand at theirs.
  get others() {
    if (this.multipliers.length === 1) return true;
    const best = this.joint;
    return Boolean(best) && this.multipliers.every((lam, k) => k === this.active || Math.abs(lam - best[k]) <= 1e-6 * (1 + best[k]));
  }

  // Thresholds as improvement over the reference, whatever form the page states each in.
  improvementOf(k, value) {
    return this.config.forms[k] === "absolute" ? value - this.samples.baseline[k] : value;
  }

  get threshold() {
    return this.improvementOf(this.active, this.thresholds[this.active]);
  }

  // Whether the page states this constraint as a level.
  get absolute() {
    return this.config.forms[this.active] === "absolute";
  }

  // Improvement in the page's form: what an axis shows.
  shown(utility) {
    return this.absolute ? utility + this.baseline : utility;
  }

  // An improvement in words of the page's form; null where there is none.
  stated(utility) {
    const digits = decimals(this.samples.spread.utilities[this.active]);
    if (!Number.isFinite(utility)) return null;
    return this.absolute ? fixed(this.shown(utility), digits) : signed(utility, digits);
  }

  position() {
    const { multipliers, thresholds, beta } = this;
    return { multipliers: [...multipliers], thresholds: [...thresholds], beta, at_optimum: this.glued };
  }

  restore(position) {
    this.adopt({ ...this.config, ...position });
  }

  setMultiplier(value) {
    const lam = Math.min(Math.max(0, value), this.high);
    this.glued = false;
    this.multipliers[this.active] = lam;
    this.at = evaluate(this.problem, this.beta, lam);
  }

  setThreshold(improvement) {
    this.thresholds[this.active] = this.shown(improvement);
    this.recompute(false, false);
    if (!this.glued || this.multiplier <= 0.95 * this.high) return;
    // Towards the highest threshold lam* grows without bound, and the axis with it.
    this.high = niceCeil(1.6 * this.multiplier);
    this.recompute(true, false);
  }

  setBeta(value, draft = false) {
    this.beta = value;
    this.recompute(true, !draft);
  }

  // To the optimum of all constraints together where it is known, else along this multiplier.
  toOptimum() {
    if (this.multipliers.length > 1 && this.joint) {
      this.multipliers = [...this.joint];
      this.problem = slice(this.samples, this.active, this.multipliers);
      this.recompute(true, true);
    }
    this.snap();
  }

  snap() {
    if (this.optimum.outcome === "infeasible") return;
    this.glued = true;
    this.follow();
  }

  follow() {
    this.multipliers[this.active] = this.optimum.multiplier;
    this.at = this.optimum.at;
  }

  // After a drag: a range that holds lam* and lam again, and the exact tails of the boundary.
  settle() {
    const before = this.high;
    this.chooseRange();
    if (this.high !== before || !this.tails) this.recompute(true, true);
  }

  recompute(curveToo, tailsToo) {
    const { problem, beta } = this;
    if (this.high === 0) this.chooseRange();
    if (curveToo) {
      // While beta moves, half as many points: the tangents keep the curve's shape.
      const coarse = tailsToo ? 1 : 2, step = (coarse * this.high) / ABOVE;
      this.zero = BELOW / coarse;
      this.curve = dualCurve(problem, beta, -this.zero * step, step, (BELOW + ABOVE) / coarse + 1);
      this.ends = [limit(problem, beta, -1), limit(problem, beta, 1)];
      const point = (lam) => evaluate(problem, beta, lam);
      this.tails = tailsToo
        ? [TAIL_DOWN.map((f) => point((-f * this.high) / 2)), TAIL_UP.map((f) => point(f * this.high))]
        : null;
    }
    const guess = multiplierAtUtility(this.curve, this.threshold);
    this.optimum = this.lowest(guess > 0 ? guess : null);
    if (this.glued && this.optimum.outcome !== "infeasible") this.follow();
    else this.at = evaluate(problem, beta, this.multiplier);
  }

  // lam* along this multiplier; none where no policy meets all constraints, even if D has a lowest point along it.
  lowest(guess = null) {
    const { threshold, ceiling } = this;
    const spread = this.samples.spread.utilities[this.active];
    if (spread > 0 ? threshold >= ceiling - 1e-9 * spread : threshold > ceiling + 1e-12) {
      // Exactly the best that can be reached is met in the limit of lam without end.
      const near = 1e-9 * spread, end = this.ends[1].utility;
      const limit = spread > 0 && Math.abs(threshold - ceiling) <= near && Math.abs(end - ceiling) <= near;
      return { outcome: "infeasible", limit, multiplier: Infinity, at: null };
    }
    return solve(this.problem, this.beta, threshold, this.ends[1].utility, guess);
  }

  // The same range of multipliers as another lens, to be drawn over it.
  matchRange(high) {
    if (this.high === high) return;
    this.high = high;
    this.recompute(true, true);
  }

  // A multiplier that makes the constraint weigh as much as the reward.
  get natural() {
    const { reward, utilities } = this.samples.spread;
    const spread = utilities[this.active];
    // A utility that does not vary weighs nothing at any multiplier.
    return spread > 0 ? Math.max(reward, 0.3 * this.beta) / spread || 1 : 1;
  }

  // Room for lam* and for where the page stands, however far out, so that lens and pages never differ.
  chooseRange() {
    if (!this.optimum) {
      this.ends = [limit(this.problem, this.beta, -1), limit(this.problem, this.beta, 1)];
      this.optimum = this.lowest();
    }
    const best = Number.isFinite(this.optimum.multiplier) ? this.optimum.multiplier : 0;
    const wanted = Math.max(2 * best, 1.15 * this.multiplier, best > 0 ? 0 : 2 * this.natural);
    if (!(this.high >= wanted && this.high <= 3 * wanted)) this.high = niceCeil(wanted);
  }

  // Sum of lam_k b_k of the constraints that are held: a constant of the picture.
  get held() {
    return this.multipliers.reduce(
      (sum, lam, k) => (k === this.active ? sum : sum + lam * this.improvementOf(k, this.thresholds[k])), 0);
  }

  dualAt(lam) {
    return curveAt(this.curve, lam).dual - this.held - lam * this.threshold;
  }

  // Boundary of the image set from lam = -inf to +inf: utility, level t and the slope's multiplier.
  boundary() {
    const { curve, ends, tails, held } = this;
    const points = Array.from(curve.multipliers, (lam, l) => ({
      lam, u: curve.utility[l], t: curve.dual[l] - lam * curve.utility[l] - held,
    }));
    const exact = (at) => ({ lam: at.multiplier, u: at.utility, t: at.dual - at.multiplier * at.utility - held });
    const [down, up] = tails ?? [[], []];
    const end = (e, lam) => ({ lam, u: e.utility, t: e.level - held });
    return [end(ends[0], -Infinity), ...[...down].reverse().map(exact), ...points, ...up.map(exact), end(ends[1], Infinity)];
  }

  // The multiplier of the hyperplane through a point that lies outside the set, tangent on the given side of
  // the point; inside the set the tangent above the point.
  tangentThrough(utility, level, side) {
    const { curve, held } = this;
    const clearance = (lam) => curveAt(curve, lam).dual - held - lam * utility - level;
    const middle = multiplierAtUtility(curve, utility) ?? (utility > curve.utility[0] ? this.high : 0);
    if (clearance(middle) >= 0) return middle;
    let inside = middle, outside = side < 0 ? curve.low : this.high;
    if (clearance(outside) < 0) return outside;
    for (let i = 0; i < 50; i++) {
      const next = (inside + outside) / 2;
      if (clearance(next) < 0) inside = next;
      else outside = next;
    }
    return (inside + outside) / 2;
  }

  // Everything that the panels and the words show.
  view() {
    const { at, optimum, held, threshold, multiplier, config, curve } = this;
    const dual = at.dual - held - multiplier * threshold;
    const level = dual - multiplier * (at.utility - threshold);
    const best = optimum.at ? optimum.at.dual - held - optimum.multiplier * threshold : -Infinity;
    const utilities = [...at.others];
    utilities.splice(this.active, 0, at.utility);
    return {
      config, curve, optimum, multiplier, dual, level, held,
      at: { ...at, gap: dual - best },
      slack: at.utility - threshold,
      slacks: utilities.map((u, k) => u - this.improvementOf(k, this.thresholds[k])),
      utilities, ceiling: this.ceiling, bounded: threshold < this.ends[1].utility,
      optimal: best, threshold: this.thresholds[this.active], improvement: threshold, others: this.others,
      atOptimum: this.glued && optimum.outcome !== "infeasible", beta: this.beta, high: this.high, thresholds: this.thresholds,
      multipliers: this.multipliers, samples: this.samples,
      form: (utility) => this.stated(utility),
      digits: {
        utility: decimals(this.samples.spread.utilities[this.active]),
        reward: decimals(this.samples.spread.reward),
      },
    };
  }
}
