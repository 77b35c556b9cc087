// Numbers, ticks and sentences. Minus signs are typographic, so that a value never breaks after its sign.

const MINUS = "\u2212";
// The unit of a chance constraint.
const SHARE = "share of replies";

export function decimals(scale) {
  if (!Number.isFinite(scale) || scale <= 0) return 2;
  return Math.max(0, Math.min(20, 2 - Math.floor(Math.log10(scale))));
}

export function fixed(value, digits = 2) {
  if (value === Infinity) return "\u221e";
  if (value === -Infinity) return `${MINUS}\u221e`;
  if (!Number.isFinite(value)) return "\u2013";
  // Scores of the size of 1e-9 would be a row of zeros.
  if (digits > 8) {
    if (Math.abs(value) < 0.5 * 10 ** -digits) return "0";
    return (value < 0 ? MINUS : "") + Math.abs(value).toExponential(2).replace("-", MINUS);
  }
  const text = Math.abs(value).toFixed(digits);
  return Number(text) !== 0 && value < 0 ? MINUS + text : text;
}

export function signed(value, digits = 2) {
  const text = fixed(value, digits);
  return text.startsWith(MINUS) || Number(text) === 0 ? text : `+${text}`;
}

// Three significant digits, never fewer than the integer part.
export function short(value) {
  if (!Number.isFinite(value) || value === 0) return fixed(value, value === 0 ? 0 : 2);
  const size = Math.floor(Math.log10(Math.abs(value)));
  if (size < -4 || size > 6) return value.toExponential(1).replace("-", MINUS);
  return fixed(value, Math.max(0, 2 - size));
}

export function niceStep(span, count) {
  const raw = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const unit = raw / power;
  return power * (unit <= 1 ? 1 : unit <= 2 ? 2 : unit <= 2.5 ? 2.5 : unit <= 5 ? 5 : 10);
}

export function ticks(low, high, count) {
  // Closer than numbers can be told apart, or with no end: one mark.
  if (!(high - low > 1e-12 * Math.max(Math.abs(low), Math.abs(high)))) return { values: [low], digits: 2 };
  const step = niceStep(high - low, count);
  const values = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) values.push(k * step);
  const power = Math.floor(Math.log10(step) + 1e-9);
  const half = Math.abs(step / 10 ** power - 2.5) < 1e-6 ? 1 : 0;
  return { values, digits: Math.max(0, half - power), step };
}

export function niceCeil(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  const unit = value / power;
  return power * ([1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((nice) => nice >= unit - 1e-9) ?? 10);
}

// One of a unit written in the plural: "points" gives "point"; "s.d." and "share of replies" stay.
export function singular(unit) {
  return /^([a-z]+ )?[a-z]+[^s\W]s$/i.test(unit) ? unit.slice(0, -1) : unit;
}

export function isShare(config) {
  return config.units[config.constraint] === SHARE;
}

// What a multiplier is paid for: one unit of the utility; of a share, all replies.
export function perUnit(config) {
  const unit = config.units[config.constraint];
  return unit === SHARE ? "share of 100 %" : singular(unit);
}

// Constraints that the policy misses, beyond what two solvers' tolerances leave.
export function missed(view) {
  const { config, slacks, samples } = view;
  return config.names.filter((_, k) => slacks[k] < -1e-6 * Math.max(samples.spread.utilities[k], 1e-300));
}

function amount(text, unit) {
  return unit === SHARE ? `${text} of replies` : `${text} ${unit}`;
}

function little(value, digits) {
  const text = fixed(value, digits);
  return Number(text) === 0 ? `less than ${fixed(10 ** -digits, digits)}` : text;
}

function heldWords(view) {
  const { config, multipliers } = view;
  const others = config.names.map((name, k) => [name, k]).filter(([, k]) => k !== config.constraint);
  if (!others.length) return "";
  if (others.length > 2) return "; the other multipliers are held";
  return `; ${others.map(([name, k]) => `the multiplier of ${name} is held at ${short(multipliers[k])}`).join(", ")}`;
}

// The reading at the handle: [verdict, sentence]. What it all costs is the page's headline, said once, there.
// Verdicts: holds, fails, limit, infeasible.
export function story(view) {
  const { config, at, optimum, slack, multiplier, samples } = view;
  const unit = config.units[config.constraint];
  const utility = view.digits.utility, reward = view.digits.reward;
  const beyond = Math.abs(slack) < 1e-6 * samples.spread.utilities[config.constraint] ? 0 : slack;
  const here = `slack ${amount(signed(beyond, utility), unit)}, D = ${fixed(view.dual, reward)}`;
  const held = heldWords(view);
  if (optimum.limit) {
    return ["limit", `What is asked for is the very best that can be reached: a growing \u03bb nears it, and none is enough. Here, at \u03bb = ${short(multiplier)}: ${here}${held}.`];
  }
  if (optimum.outcome === "infeasible") {
    const level = view.form(view.ceiling);
    const reach = level === null ? config.blocked : `at most ${amount(level, unit)} can be reached${config.names.length > 1 ? " beside the others" : ""}`;
    return ["infeasible", `No \u03bb is enough: ${reach}. Here, at \u03bb = ${short(multiplier)}: ${here}${held}.`];
  }
  const verdict = missed(view).length ? "fails" : "holds";
  const lam = `\u03bb = ${short(multiplier)}`;
  if (view.atOptimum && view.others) return [verdict, `At ${lam} = \u03bb*: ${here} = P*${held}.`];
  if (view.atOptimum) return [verdict, `At ${lam}, lowest along this multiplier: ${here}${held}.`];
  const goal = view.others ? `\u03bb* = ${short(optimum.multiplier)}` : `\u03bb = ${short(optimum.multiplier)}`;
  return [verdict, `At ${lam}: ${here}, which is ${little(at.gap, reward)} above its lowest, at ${goal}${held}.`];
}
