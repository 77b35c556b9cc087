// Panel (b): the image set, its boundary marked by the multiplier, and the supporting hyperplane.
import { grown, multiplierAria, star } from "./dualpanel.js";
import { fixed, isShare, short, ticks } from "./format.js";
import { frame, handle } from "./marks.js";
import { scale, smooth } from "./svg.js";

// Ranges that hold what teaches: the boundary around lam in [-high/2, high], the threshold, the reference.
export function setRange(model, pinned, before) {
  const curve = model.curve, last = curve.length - 1;
  const level = (l) => curve.dual[l] - curve.multipliers[l] * curve.utility[l] - model.held;
  const us = [curve.utility[0], curve.utility[last], 0];
  const ts = [level(0), level(last), model.samples.rewardMean - model.held, curve.dual[model.zero] - model.held];
  const view = model.view();
  ts.push(view.level);
  if (model.threshold > 0.9 * curve.utility[last]) us.push(model.ends[1].utility);
  if (Number.isFinite(view.ceiling)) us.push(view.ceiling);
  // A threshold far outside leaves the set in sight: its wall then stands at the edge.
  const low = Math.min(...us), high = Math.max(...us), room = 0.2 * (high - low);
  us.push(Math.min(Math.max(model.threshold, low - room), high + room));
  const bottom = Math.min(...ts), top = Math.max(...ts);
  if (model.threshold > low - room && model.threshold < high + room) {
    ts.push(Math.min(Math.max(view.dual, bottom - 0.3 * (top - bottom)), top + 0.5 * (top - bottom)));
  }
  if (pinned) {
    us.push(pinned.at.utility);
    ts.push(pinned.view().level, pinned.curve.dual[pinned.zero] - pinned.held);
  }
  for (const policy of model.config.policies) {
    us.push(model.absolute ? policy.utility - model.baseline : policy.utility);
    ts.push(standing(policy.regularized_reward, policy, model));
  }
  const ceiling = Math.max(...ts.filter(Number.isFinite));
  const air = 0.12 * (ceiling - Math.min(...ts.filter(Number.isFinite)));
  return { u: grown(us, before?.u, 0.07), t: grown([...ts, ceiling + air], before?.t, 0.05) };
}

export function drawSet(pen, view, model, pinned, range, size) {
  const { config, multiplier, improvement: b } = view;
  pen.begin(size.width, size.height);
  const box = { left: 58, right: size.width - 14, top: 30, bottom: size.height - 48 };
  // Places are improvements over the reference, so that the set rests while a threshold is dragged. The axis is
  // the slack u, counted from the wall: t + lam u = D(lam) is then read off it as it stands.
  const at = scale(range.u[0], range.u[1], box.left, box.right);
  const slack = scale(range.u[0] - b, range.u[1] - b, box.left, box.right);
  const y = scale(range.t[0], range.t[1], box.bottom, box.top);
  const width = box.right - box.left, height = box.bottom - box.top;
  const inside = pen.clip("clip-set", box.left, box.top, width, height);
  const bounds = [box.left, box.top - 2, box.right, box.bottom - 1];
  const name = config.names[config.constraint];
  hatch(pen);
  const wall = Math.min(Math.max(at(b), box.left), box.right);
  // The grip of a wall out of sight waits just inside the frame.
  const grip = at(b) > box.right ? box.right - 20 : at(b) < box.left ? box.left + 20 : wall;
  pen.rect("allowed", "allowed", wall, box.top, box.right - wall, height);
  pen.rect("allowed-hatch", "hatch", wall, box.top, box.right - wall, height, { fill: "url(#hatch)" });
  const wish = model.stated(b);
  const from = !model.absolute ? `improvement \u2212 ${wish.replace("+", "")}` : `${name} \u2212 ${wish}`;
  const unit = config.units[config.constraint];
  const change = [`u: slack in ${name}, ${from.replace("\u2212 \u2212", "+ ")} (${unit})`, `u: slack in ${name} (${unit})`, `u: slack in ${name}`, "u: slack"];
  const priced = config.names.length > 1 ? "t: E[r] \u2212 \u03b2 KL + held terms" : "t: E[r] \u2212 \u03b2 KL";
  frame(pen, slack, y, box, { x: pen.fitting(change, size.width - 50), y: `${priced}, ${config.reward_unit}` });

  const points = model.boundary().map((p) => ({ ...p, x: at(p.u), y: y(p.t), ...direction(p.lam, at, y) }));
  const arc = smooth(points);
  const floor = size.height + 40;
  pen.path("set", "set", `${arc}L${points.at(-1).x.toFixed(1)} ${floor}L${points[0].x.toFixed(1)} ${floor}Z`, inside);
  pen.line("set-right", "set-side", points.at(-1).x, points.at(-1).y, points.at(-1).x, floor, inside);
  if (pinned) {
    const other = pinned.boundary().map((p) => ({ ...p, x: at(p.u), y: y(p.t), ...direction(p.lam, at, y) }));
    pen.path("set-pinned", "pinned", smooth(other), inside);
    pen.circle("pinned-policy", "pinned-dot", at(pinned.at.utility), y(pinned.view().level), 6, inside);
    pen.label("pinned-name", "note muted", at(pinned.at.utility), y(pinned.view().level), config.pinned.label, [[0, 20, "middle"], [-10, 4, "end"]], { frame: bounds });
  }
  const zero = points.findIndex((p) => p.lam >= -1e-12);
  pen.path("boundary-left", "boundary thin", smooth(points.slice(0, zero + 1)), inside);
  pen.path("boundary", "boundary", smooth(points.slice(zero)), inside);
  pen.path("boundary-target", "target-line", smooth(points.slice(zero)), { ...inside, "data-drag": "boundary" });

  hyperplane(pen, view, y, at, box, inside);
  // The threshold with its grip at the top, above the plot, where no other handle comes.
  const here = { x: at(view.at.utility), y: y(view.level) };
  if (at(b) >= box.left && at(b) <= box.right) {
    pen.line("threshold-line", "threshold", at(b), box.top, at(b), box.bottom);
    pen.line("threshold-target", "target-line vertical", at(b), box.top, at(b), box.bottom, { "data-drag": "threshold" });
  }
  pen.reserve(here.x - 13, here.y - 13, 26, 26);
  pen.reserve(grip - 20, box.bottom - 40, 40, 28);
  pen.obstruct(points.filter((p) => p.y < size.height && p.x > -50));
  pen.obstruct([{ x: wall, y: box.top }, { x: wall, y: box.bottom }]);
  pen.obstruct(planeEnds(view, y, at, box));
  policies(pen, view, model, at, y, inside);
  reference(pen, view, model, at, y, bounds);
  optimum(pen, view, at, y, box, bounds, here);
  const beyond = at(b) > box.right ? " \u2192" : at(b) < box.left ? " \u2190" : "";
  pen.label("threshold-name", "note constraint-text", grip, box.bottom, [`${isShare(config) ? "share" : name} \u2265 ${wish}${beyond}`, `\u2265 ${wish}${beyond}`],
    [[24, -21, "start"], [-24, -21, "end"], [24, -46, "start"], [-24, -46, "end"]], { must: true, frame: bounds });
  pen.label("allowed-name", "note small constraint-text", wall, box.top, ["constraint holds \u2192", "holds \u2192"], [15, 34, 53, box.bottom - box.top - 40].map((dy) => [8, dy, "start"]), { size: 11, frame: bounds });
  const hold = handleOnPlane(view, y, at, box);
  planeLabel(pen, view, hold, bounds);
  tickLabels(pen, points, view, box, bounds);
  pen.label("set-name", "note small muted", points[zero].x, box.bottom, "every policy lies here", [[0, -14, "middle"], [0, -40, "middle"]], { size: 11, frame: bounds });
  const vertical = { ...multiplierAria(view), label: "multiplier lambda, at the tilted policy on the boundary" };
  handle(pen, "hyperplane", "on-plane", hold.x, hold.y, { ...multiplierAria(view), label: "multiplier lambda, slope of the hyperplane", vertical: true }, "vertical");
  handle(pen, "boundary", "on-boundary", here.x, here.y, vertical);
  const u = view.digits.utility;
  handle(pen, "threshold", "on-threshold", grip, box.bottom - 26, {
    label: `threshold of ${name}`, min: Number(model.shown(range.u[0]).toPrecision(6)), max: Number(model.shown(Number.isFinite(view.ceiling) ? view.ceiling : range.u[1]).toPrecision(6)),
    now: Number(view.threshold.toPrecision(6)), text: `${fixed(view.threshold, u)} ${config.units[config.constraint]}`,
  }, "horizontal");
  return { at, y, box, grip, points, zero };
}

function hatch(pen) {
  const pattern = pen.node("hatch", "pattern", { id: "hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  pen.node("hatch-line", "line", { class: "hatch-line", x1: 0, y1: 0, x2: 0, y2: 7 }, pattern);
}

// Direction of the boundary where its slope is -lam; vertical at the ends.
function direction(lam, at, y) {
  if (!Number.isFinite(lam)) return { dx: 0, dy: 1 };
  return { dx: at(1) - at(0), dy: y(-lam) - y(0) };
}

function hyperplane(pen, view, y, at, box, inside) {
  const [a, b] = planeEnds(view, y, at, box);
  pen.line("plane", "plane", a.x, a.y, b.x, b.y, inside);
  pen.line("plane-target", "target-line", a.x, a.y, b.x, b.y, { ...inside, "data-drag": "hyperplane" });
  // The normal is drawn at a right angle to the line on the screen, whose axes have different scales.
  const { dx, dy } = direction(view.multiplier, at, y), length = Math.hypot(dx, dy);
  const from = { x: at(view.at.utility), y: y(view.level) };
  const to = { x: from.x - (dy / length) * -34, y: from.y - (dx / length) * 34 };
  if (to.y > box.top && to.x < box.right) {
    pen.line("normal", "normal", from.x, from.y, to.x, to.y);
    pen.obstruct([from, to]);
    const turn = Math.atan2(to.y - from.y, to.x - from.x), barb = (s) => `${(to.x - 8 * Math.cos(turn + s)).toFixed(1)} ${(to.y - 8 * Math.sin(turn + s)).toFixed(1)}`;
    pen.path("normal-head", "normal", `M${barb(0.45)}L${to.x.toFixed(1)} ${to.y.toFixed(1)}L${barb(-0.45)}`);
  }
}

function planeEnds(view, y, at, box) {
  const level = (px) => view.dual - view.multiplier * (at.inverse(px) - view.improvement);
  return [box.left, box.right].map((px) => ({ x: px, y: y(level(px)) }));
}

// Where the hyperplane is held: some way along it from the policy, inside the frame, and clear of the handles of
// policy and threshold however steep it is.
function handleOnPlane(view, y, at, box) {
  const from = { x: at(view.at.utility), y: y(view.level) }, wall = Math.min(Math.max(at(view.improvement), box.left), box.right);
  const { dx, dy } = direction(view.multiplier, at, y), length = Math.hypot(dx, dy);
  const along = (far) => ({ x: from.x + (far * dx) / length, y: from.y + (far * dy) / length });
  const inside = (p) => p.x > box.left + 16 && p.x < box.right - 16 && p.y > box.top + 16 && p.y < box.bottom - 16;
  const clear = (p) => Math.hypot(p.x - wall, p.y - box.bottom + 26) > 48;
  const reach = 0.34 * (box.right - box.left);
  const places = [-1, 1, -0.75, 0.75, -0.5, 0.5, -0.36, 0.36].map((share) => along(share * reach));
  const apart = (p) => clear(p) && Math.abs(p.x - wall) > 30;
  const found = places.find((p) => inside(p) && apart(p)) ?? places.find((p) => inside(p) && clear(p));
  if (found) return found;
  const last = along(-46);
  return { x: Math.min(Math.max(last.x, box.left + 16), box.right - 16), y: Math.min(Math.max(last.y, box.top + 16), box.bottom - 16) };
}

function planeLabel(pen, view, grip, bounds) {
  pen.reserve(grip.x - 13, grip.y - 20, 26, 40);
  const text = `t + ${short(view.multiplier)} u = ${fixed(view.dual, view.digits.reward)}`;
  pen.label("plane-name", "note line", grip.x, grip.y, text, [[20, -8, "start"], [0, -26, "middle"], [-20, 18, "end"], [0, 36, "middle"], [20, 24, "start"], [-20, -8, "end"], [10, -44, "middle"], [26, 4, "start"], [-26, 4, "end"], [24, -24, "start"], [-24, 34, "end"]], { must: true, frame: bounds });
}

function reference(pen, view, model, at, y, bounds) {
  const px = at(0), py = y(model.samples.rewardMean + heldAtReference(model));
  if (px < bounds[0] || px > bounds[2] || py > bounds[3]) return;
  pen.rect("reference", "reference", px - 5, py - 5, 10, 10, { transform: `rotate(45 ${px.toFixed(1)} ${py.toFixed(1)})` });
  pen.reserve(px - 8, py - 8, 16, 16);
  pen.label("reference-name", "note", px, py, "reference", [[0, 22, "middle"], [-12, 5, "end"], [12, 5, "start"]], { frame: bounds });
}

// With constraints held, the reference earns the held multipliers times its own slacks.
function heldAtReference(model) {
  return -model.held;
}

function optimum(pen, view, at, y, box, bounds, here) {
  if (view.optimum.outcome === "infeasible") {
    if (!Number.isFinite(view.ceiling)) return;
    pen.line("ceiling", "ceiling", at(view.ceiling), box.top, at(view.ceiling), box.bottom);
    const most = ["highest that can be met", "highest possible"];
    pen.label("ceiling-name", "note optimum-text", at(view.ceiling), box.top, most, [34, 53, 72].flatMap((dy) => [[-8, dy, "end"], [8, dy, "start"]]), { must: true, frame: bounds });
    return;
  }
  const px = at(view.improvement), py = y(view.optimal);
  if (px < box.left || px > box.right) return;
  const digits = view.digits.reward;
  pen.line("level", "optimum faint", box.left, py, px, py);
  if (!view.atOptimum) pen.node("star", "path", { class: "star", d: star(px, py, 8) });
  pen.reserve(px - 8, py - 8, 16, 16);
  const top = y(view.dual);
  if (!view.atOptimum && py - top > 3 && top > box.top - 30) {
    const bar = px + (here.x > px ? -9 : 9), tip = bar + (here.x > px ? 5 : -5), upper = Math.max(top, box.top);
    pen.path("gap", "gap", `M${tip} ${upper}L${bar} ${upper}L${bar} ${py}L${tip} ${py}`);
    const side = here.x > px ? [[-6, 4, "end"], [24, 4, "start"]] : [[6, 4, "start"], [-24, 4, "end"]];
    pen.label("gap-name", "note optimum-text", bar, (upper + py) / 2, `${view.others ? "gap" : "above"} ${fixed(view.at.gap, digits)}`, side, { frame: bounds });
  }
  pen.circle("crossing", "crossing", px, Math.max(top, box.top), 4.5);
  pen.reserve(px - 8, Math.max(top, box.top) - 8, 16, 16);
  pen.label("optimum-name", "note optimum-text", px, py, `${view.others ? "D* = P* =" : "lowest D:"} ${fixed(view.optimal, digits)}`,
    [[14, -14, "start"], [-14, 26, "end"], [14, 26, "start"], [-14, 42, "end"], [-14, -18, "end"], [16, -34, "start"]], { must: true, frame: bounds });
}

// Multipliers written along the boundary, outside the set.
function tickLabels(pen, points, view, box, bounds) {
  const marks = ticks(0, view.high, 5);
  marks.values.forEach((lam, i) => {
    const l = points.findIndex((p) => p.lam >= lam - 1e-9 * view.high);
    const b = points[l], a = points[l - 1];
    if (!a || !Number.isFinite(b.lam)) return;
    const share = (lam - a.lam) / (b.lam - a.lam);
    const px = a.x + share * (b.x - a.x), py = a.y + share * (b.y - a.y);
    if (px < box.left || px > box.right || py > box.bottom || py < box.top) return;
    const length = Math.hypot(b.dx, b.dy), nx = (b.dy / length) || 0, ny = -(b.dx / length);
    pen.line(`mark${i}`, "mark", px - 4 * nx, py - 4 * ny, px + 4 * nx, py + 4 * ny);
    const text = i === 0 ? "\u03bb = 0" : fixed(lam, marks.digits);
    pen.label(`mark-name${i}`, "note small dual-text", px, py, text, [[9 * nx + 3, 9 * ny + 1, nx > 0.4 ? "start" : "middle"], [-8, 18, "end"], [-4, 22, "middle"]], { size: 11, frame: bounds });
  });
}

// Where a numbered circle may stand from its place, the place itself first.
const ASIDE = [[0, 0], [-20, 8], [-20, -8], [0, 22], [20, 8], [20, -8], [0, -22]];
const BADGE = 8;

// E[r] − beta KL was told at the beta of the configuration; while beta is dragged it goes along.
function standing(told, policy, model) {
  return told - policy.kl * (model.beta - model.config.beta);
}

function policies(pen, view, model, at, y, inside) {
  const improve = (u) => (model.absolute ? u - model.baseline : u);
  const badges = [];
  view.config.policies.forEach((policy, i) => {
    const height = (told) => y(standing(told, policy, model));
    const px = at(improve(policy.utility)), py = height(policy.regularized_reward);
    const [left, right] = policy.utility_interval ?? [policy.utility, policy.utility];
    const [low, high] = policy.reward_interval ?? [policy.regularized_reward, policy.regularized_reward];
    pen.line(`bar-u${i}`, "bar", at(improve(left)), py, at(improve(right)), py, inside);
    pen.line(`bar-t${i}`, "bar", px, height(low), px, height(high), inside);
    // A number stands in its circle, where nothing can push it out; of two that would cover each other one stands
    // aside, tied to its place.
    const free = ([dx, dy]) => badges.every((other) => Math.hypot(px + dx - other.x, py + dy - other.y) > 2 * BADGE);
    const [dx, dy] = ASIDE.find(free) ?? ASIDE[0];
    if (dx || dy) {
      pen.line(`policy-tie${i}`, "bar", px, py, px + dx, py + dy, inside);
      pen.circle(`policy-place${i}`, "policy", px, py, 3.5, inside);
    }
    badges.push({ i, x: px + dx, y: py + dy, text: policy.label });
  });
  for (const { i, x, y: top, text } of badges) {
    pen.circle(`policy${i}`, "policy", x, top, BADGE, inside);
    pen.text(`policy-name${i}`, "note small", x, top + 3.6, text, "middle", inside);
    pen.reserve(x - BADGE - 1, top - BADGE - 1, 2 * BADGE + 2, 2 * BADGE + 2);
  }
}
