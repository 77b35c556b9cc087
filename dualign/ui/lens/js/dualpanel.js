// Panel (a): the dual function with its tangent, and the effective sample size below it.
import { fixed, isShare, perUnit, short } from "./format.js";
import { doubtfulZones, frame, handle } from "./marks.js";
import { scale, smooth } from "./svg.js";

const STRIP = 62;

// Vertical range of D and of the tangent's intercepts, grown but not shrunk while something is dragged.
export function dualRange(model, pinned, before) {
  const { curve, high } = model;
  const values = [];
  for (let l = 0; l < curve.length; l += 2) {
    const lam = curve.multipliers[l];
    if (lam < -1e-12 || lam > high * 1.001) continue;
    values.push(curve.dual[l] - model.held - lam * model.threshold);
  }
  const view = model.view();
  values.push(view.dual, Math.max(view.level, Math.min(...values) - 0.6 * (Math.max(...values) - Math.min(...values))));
  if (pinned) values.push(pinned.dualAt(0), pinned.dualAt(pinned.multiplier));
  return grown(values, before, 0.16);
}

export function grown(values, before, margin) {
  const finite = values.filter(Number.isFinite);
  let low = Math.min(...finite), high = Math.max(...finite);
  const size = Math.max(Math.abs(low), Math.abs(high));
  // Values that differ by rounding alone are one value.
  const air = high - low > 1e-9 * size ? (high - low) * margin : 0.05 * size || 1;
  if (before && low >= before[0] && high <= before[1]) return before;
  [low, high] = [low - air, high + air];
  return before ? [Math.min(low, before[0]), Math.max(high, before[1])] : [low, high];
}

export function drawDual(pen, view, model, pinned, range, size) {
  const { curve, high, multiplier, config, at } = view;
  pen.begin(size.width, size.height);
  const box = { left: 58, right: size.width - 14, top: 30, bottom: size.height - 48 - STRIP };
  const x = scale(0, high, box.left, box.right);
  const y = scale(range[0], range[1], box.bottom, box.top);
  const inside = pen.clip("clip-dual", box.left, box.top - 8, box.right - box.left, box.bottom - box.top + 8);
  const bounds = [box.left, box.top - 6, box.right, box.bottom];
  // The whole plot answers to a horizontal drag; a vertical swipe still scrolls the page.
  pen.rect("ground", "ground", box.left, box.top, box.right - box.left, size.height - box.top, { "data-drag": "lam" });
  const zones = doubtfulZones(view);
  zones.forEach(([from, to], i) => pen.rect(`doubt${i}`, "doubt", x(from), box.top, x(to) - x(from), box.bottom - box.top));
  frame(pen, x, y, box, { x: "", y: `D(\u03bb), ${config.reward_unit}` });
  // Tangent first, so that the thick curve stays on top where they touch.
  const slope = view.slack;
  const lineAt = (lam) => view.dual + slope * (lam - multiplier);
  pen.line("tangent", "tangent", x(0), y(lineAt(0)), x(high), y(lineAt(high)), inside);
  if (pinned) {
    pen.path("pinned", "pinned", smooth(curvePoints(pinned, x, y)), inside);
    const lam = Math.min(0.82 * high, pinned.curve.multipliers.at(-1));
    pen.label("pinned-label", "note muted", x(lam), y(pinned.dualAt(lam)), config.pinned.label, [[0, -8, "middle"], [0, 18, "middle"]], { frame: bounds });
  }
  pen.path("dual", "dual", smooth(curvePoints(model, x, y)), inside);
  if (config.interval) {
    const [from, to] = config.interval.map((v) => Math.min(Math.max(v, 0), high));
    pen.rect("interval", "interval", x(from), box.bottom - 7, Math.max(2, x(to) - x(from)), 7);
  }
  pen.obstruct(curvePoints(model, x, y));
  pen.obstruct([{ x: x(0), y: y(lineAt(0)) }, { x: x(high), y: y(lineAt(high)) }]);
  if (pinned) pen.obstruct(curvePoints(pinned, x, y));
  pen.reserve(x(multiplier) - 20, y(view.dual) - 14, 40, 28);
  optimumMark(pen, view, x, y, box, bounds);
  pen.line("rule", "rule", x(multiplier), y(view.dual), x(multiplier), size.height - 42);
  pen.circle("intercept", "intercept", x(0), y(view.level), 4.5, inside);
  const digits = view.digits.reward;
  const near = [slope > 0 ? 18 : -9, slope > 0 ? -9 : 20];
  const rise = [[10, [...near, 34, -26, 50, -44]], [60, near], [110, near]].flatMap(([dx, heights]) => heights.map((dy) => [dx, dy, "start"]));
  const level = Math.min(Math.max(y(view.level), box.top), box.bottom - 4);
  pen.label("dual-label", "note dual-text", x(multiplier), y(view.dual), `D(${short(multiplier)}) = ${fixed(view.dual, digits)}`,
    [[0, -22, "middle"], [18, -18, "start"], [-18, -18, "end"], [0, 32, "middle"], [24, 26, "start"], [-24, 26, "end"], [0, -40, "middle"]], { must: true, frame: bounds });
  pen.label("intercept-label", "note line", x(0), level, [`E[r] \u2212 \u03b2 KL = ${fixed(view.level, digits)}`, fixed(view.level, digits)], rise, { frame: bounds });
  pen.label("slope-label", "note line", x(0.86 * high), y(lineAt(0.86 * high)), `slope = slack = ${fixed(slope, view.digits.utility)}`,
    [[0, -9, "middle"], [0, 19, "middle"], [0, -30, "middle"], [0, 36, "middle"], [0, -48, "middle"]], { frame: bounds });
  strip(pen, view, zones, x, box, size, at);
  handle(pen, "lam", "on-dual", x(multiplier), y(view.dual), multiplierAria(view), "horizontal");
  return { x, y, box };
}

function curvePoints(model, x, y) {
  const points = [];
  const { curve } = model;
  for (let l = 0; l < curve.length; l++) {
    const lam = curve.multipliers[l];
    if (lam < -1e-12) continue;
    const slope = curve.utility[l] - model.threshold;
    points.push({ x: x(lam), y: y(curve.dual[l] - model.held - lam * model.threshold), dx: x(1) - x(0), dy: y(slope) - y(0) });
  }
  return points;
}

function optimumMark(pen, view, x, y, box, bounds) {
  const { optimum, high } = view;
  if (optimum.outcome === "infeasible" || optimum.multiplier > high) {
    pen.label("optimum-label", "note optimum-text", box.right, box.top, optimum.outcome === "infeasible" ? (optimum.limit ? "no finite \u03bb*: D only nears its bound" : view.bounded ? "no \u03bb*: they cannot all be met" : "D falls without end: infeasible") : `\u03bb* = ${short(optimum.multiplier)} \u2192`,
      [[-6, 10, "end"], [-6, 28, "end"]], { must: true, frame: bounds });
    return;
  }
  const at = optimum.multiplier;
  pen.line("optimum-rule", "optimum", x(at), y(view.optimal), x(at), box.bottom);
  pen.line("optimum-level", "optimum faint", x(0), y(view.optimal), x(at), y(view.optimal));
  pen.node("optimum-star", "path", { class: "star", d: star(x(at), y(view.optimal), view.atOptimum ? 0 : 7) });
  pen.reserve(x(at) - 7, y(view.optimal) - 7, 14, 14);
  pen.label("optimum-label", "note optimum-text", x(at), box.bottom, `${view.others ? "\u03bb* =" : "lowest at"} ${short(at)}`, [[7, -10, "start"], [-7, -10, "end"], [26, -10, "start"], [-26, -10, "end"], [7, -26, "start"], [-7, -26, "end"]], { must: true, frame: bounds });
  if (!view.atOptimum) {
    pen.label("optimum-value", "note optimum-text", x(at), y(view.optimal), `${view.others ? "D* =" : "lowest:"} ${fixed(view.optimal, view.digits.reward)}`,
      [[10, 22, "start"], [-10, 22, "end"], [10, -12, "start"], [-10, -12, "end"], [0, -24, "middle"], [14, 40, "start"]], { frame: bounds });
  }
}

export function star(x, y, r) {
  if (!r) return "";
  let d = "";
  for (let k = 0; k < 10; k++) {
    const radius = k % 2 ? r * 0.45 : r, angle = (Math.PI * k) / 5;
    d += `${k ? "L" : "M"}${(x + radius * Math.sin(angle)).toFixed(1)} ${(y - radius * Math.cos(angle)).toFixed(1)}`;
  }
  return `${d}Z`;
}

function strip(pen, view, zones, x, box, size, at) {
  const { curve, config } = view;
  const most = Math.max(...curve.essMedian, 2);
  const top = box.bottom + 28, bottom = size.height - 40;
  const y = scale(0, Math.log(most) * 1.08, bottom, top);
  zones.forEach(([from, to], i) => pen.rect(`low${i}`, "doubt", x(from), top, x(to) - x(from), bottom - top));
  pen.rect("strip-frame", "strip-frame", box.left, top, box.right - box.left, bottom - top);
  let d = "";
  for (let l = 0; l < curve.length; l++) {
    const lam = curve.multipliers[l];
    if (lam < -1e-12) continue;
    d += `${d ? "L" : "M"}${x(lam).toFixed(1)} ${y(Math.log(Math.max(1, curve.essMedian[l]))).toFixed(1)}`;
  }
  pen.path("ess-area", "ess-area", `${d}L${box.right} ${bottom}L${box.left} ${bottom}Z`);
  pen.path("ess", "ess", d);
  pen.text("ess-top", "tick", box.left - 7, y(Math.log(most)) + 4, fixed(most, most < 10 ? 1 : 0), "end");
  pen.text("ess-one", "tick", box.left - 7, bottom + 3, "1", "end");
  pen.circle("ess-dot", "ess-dot", x(view.multiplier), y(Math.log(Math.max(1, at.essMedian))), 4);
  const frame = [box.left, top, box.right, bottom];
  pen.reserve(x(view.multiplier) - 6, y(Math.log(Math.max(1, at.essMedian))) - 6, 12, 12);
  pen.label("ess-name", "note small muted", box.left, top, "effective responses per prompt (median)", [[8, 36, "start"], [8, 15, "start"]], { size: 11, frame });
  if (zones.length) {
    const [from, to] = zones.at(-1);
    pen.label("doubt-name", "note small doubt-text", x(to), top, "unreliable", [[(x(from) - x(to)) / 2, 15, "middle"], [(x(from) - x(to)) / 2, 36, "middle"], [-4, 36, "end"], [-4, 15, "end"]], { size: 11, frame });
  }
  pen.text("lam-title", "title", (box.left + box.right) / 2, size.height - 6, pen.fitting(titles(config), size.width - 50), "middle");
}

function titles(config) {
  const price = `multiplier \u03bb, ${config.reward_unit} per ${perUnit(config)}`;
  return [`${price} of ${config.names[config.constraint]}`, price, "multiplier \u03bb"].slice(isShare(config) ? 1 : 0);
}

export function multiplierAria(view) {
  return {
    label: "multiplier lambda", min: 0, max: Number(view.high.toPrecision(6)), now: Number(view.multiplier.toPrecision(6)),
    text: `${short(view.multiplier)}, slack ${fixed(view.slack, view.digits.utility)}`,
  };
}
