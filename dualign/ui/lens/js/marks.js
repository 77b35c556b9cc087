// Marks that both panels use: axes, handles, the unreliable zone.
import { fixed, ticks } from "./format.js";

export function frame(pen, x, y, box, titles) {
  const { left, right, top, bottom } = box;
  const across = ticks(x.low, x.high, Math.max(3, (right - left) / 80));
  const up = ticks(y.low, y.high, Math.max(3, (bottom - top) / 60));
  across.values.forEach((value, i) => {
    pen.line(`gx${i}`, "grid", x(value), top, x(value), bottom, {}, pen.back);
    pen.text(`tx${i}`, "tick", x(value), bottom + 17, fixed(value, across.digits), "middle");
  });
  up.values.forEach((value, i) => {
    pen.line(`gy${i}`, "grid", left, y(value), right, y(value), {}, pen.back);
    pen.text(`ty${i}`, "tick", left - 7, y(value) + 4, fixed(value, up.digits), "end");
  });
  pen.line("axis-x", "axis", left, bottom, right, bottom);
  pen.line("axis-y", "axis", left, top, left, bottom);
  pen.text("title-x", "title", (left + right) / 2, bottom + 36, titles.x, "middle");
  pen.text("title-y", "title", 4, 14, titles.y, "start");
}

// A round handle with a larger invisible target, focusable as a slider.
export function handle(pen, name, concept, x, y, aria, turn = null) {
  const group = pen.node(`handle-${name}`, "g", {
    class: `handle ${concept}`, tabindex: 0, role: "slider", "data-drag": name, transform: `translate(${x.toFixed(2)} ${y.toFixed(2)})`,
    "aria-label": aria.label, "aria-valuemin": aria.min, "aria-valuemax": aria.max, "aria-valuenow": aria.now,
    "aria-valuetext": aria.text, "aria-orientation": aria.vertical ? "vertical" : "horizontal",
  }, pen.front);
  pen.node(`handle-${name}-target`, "circle", { class: "target", r: 22 }, group);
  pen.node(`handle-${name}-ring`, "circle", { class: "ring", r: 13 }, group);
  pen.node(`handle-${name}-dot`, "circle", { class: "knob", r: 8 }, group);
  if (turn !== null) {
    const sign = turn === "horizontal" ? "M-13 0l-5 0m2 -3l-3 3l3 3M13 0l5 0m-2 -3l3 3l-3 3" : "M0 -13l0 -5m-3 2l3 -3l3 3M0 13l0 5m-3 -2l3 3l3 -3";
    pen.node(`handle-${name}-sign`, "path", { class: "sign", d: sign }, group);
  }
  return group;
}

// Pieces of the multiplier axis where the estimate is not to be trusted.
export function doubtfulZones(view) {
  const { curve, config, high } = view;
  const floor = config.unreliable.effective_sample_size;
  const beyond = config.unreliable.multiplier ?? Infinity;
  const zones = [];
  let open = null, last = 0;
  for (let l = 0; l < curve.length; l++) {
    const lam = curve.multipliers[l];
    if (lam < -1e-12) continue;
    const bad = curve.essMedian[l] < floor || lam > beyond;
    if (bad && open === null) open = l > 0 && lam > 1e-12 ? crossing(curve, l, floor, beyond) : 0;
    if (!bad && open !== null) {
      zones.push([open, last]);
      open = null;
    }
    last = lam;
  }
  if (open !== null) zones.push([open, high]);
  return zones;
}

function crossing(curve, l, floor, beyond) {
  const a = curve.essMedian[l - 1], b = curve.essMedian[l];
  const share = b < floor && a > b ? (a - floor) / (a - b) : 1;
  return Math.min(beyond, curve.multipliers[l - 1] + Math.max(0, share) * curve.step);
}
