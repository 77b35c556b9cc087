// Pointers and keys. A drag keeps the last event only and acts on it once per animation frame.

const SNAP = 5;
// A finger that wants to scroll touches the plot too: only one that moves sideways this far has taken hold.
const SIDEWAYS = 8;

// Nearest point of the boundary for lam >= 0, on the screen.
export function nearestMultiplier(geometry, px, py, high) {
  const { points, zero } = geometry;
  let best = Infinity, found = 0;
  for (let i = Math.max(1, zero + 1); i < points.length; i++) {
    const a = points[i - 1], b = points[i];
    if (!Number.isFinite(b.lam)) break;
    const dx = b.x - a.x, dy = b.y - a.y;
    const share = Math.min(1, Math.max(0, ((px - a.x) * dx + (py - a.y) * dy) / (dx * dx + dy * dy || 1)));
    const distance = Math.hypot(px - a.x - share * dx, py - a.y - share * dy);
    if (distance < best) {
      best = distance;
      found = a.lam + share * (b.lam - a.lam);
    }
  }
  return Math.min(Math.max(0, found), high);
}

export class Dragging {
  constructor(lens) {
    this.lens = lens;
    this.active = null;
    this.last = null;
    this.frame = 0;
    this.keyTimer = 0;
  }

  listen(svg) {
    // A finger on these handles moves in any direction. touch-action would say so, but marks inside an SVG have none
    // of their own, and everywhere else a finger that moves up or down scrolls the page.
    svg.addEventListener("touchstart", (event) => {
      const held = event.target.closest(".handle")?.dataset.drag;
      if (held === "boundary" || held === "hyperplane") event.preventDefault();
    }, { passive: false });
    svg.addEventListener("pointerdown", (event) => this.down(event, svg));
    svg.addEventListener("pointermove", (event) => this.move(event));
    svg.addEventListener("pointerup", (event) => this.up(event));
    svg.addEventListener("pointercancel", (event) => this.cancel(event));
    svg.addEventListener("dblclick", () => this.reset());
    svg.addEventListener("keydown", (event) => this.key(event));
    svg.addEventListener("focusout", () => this.settleKeys());
  }

  // Whether a position here has not been told to Python yet: what it says meanwhile answers an older one.
  get busy() {
    return Boolean(this.active || this.keyTimer);
  }

  kind(event) {
    return event.target.closest?.("[data-drag]")?.dataset.drag ?? null;
  }

  down(event, svg) {
    const kind = this.kind(event);
    this.pressed = kind;
    if (!kind || event.button > 0 || this.active) return;
    this.settleKeys();
    const rect = svg.getBoundingClientRect();
    const place = { x: event.clientX - rect.left, y: event.clientY - rect.top };
    const { model, geometry } = this.lens;
    const held = Boolean(event.target.closest(".handle"));
    const waits = event.pointerType === "touch" && !held;
    this.active = { kind, svg, id: event.pointerId, moved: false, waits, from: place, before: model.position() };
    if (kind === "hyperplane") this.active.side = Math.sign(model.at.utility - geometry.set.at.inverse(place.x)) || 1;
    if (kind === "threshold") this.active.offset = place.x - geometry.set.grip;
    if (waits) return;
    this.take(event);
    event.preventDefault();
    if (kind === "lam") this.move(event);
  }

  take(event) {
    const { kind, svg } = this.active;
    svg.setPointerCapture(event.pointerId);
    svg.querySelector(`.handle[data-drag="${kind}"]`)?.focus({ preventScroll: true });
    this.lens.root.dataset.dragging = kind;
  }

  move(event) {
    if (!this.active || event.pointerId !== this.active.id) return;
    const rect = this.active.svg.getBoundingClientRect();
    this.last = { x: event.clientX - rect.left, y: event.clientY - rect.top, free: event.altKey };
    const { from } = this.active;
    if (this.active.waits) {
      if (Math.abs(this.last.x - from.x) < SIDEWAYS) return;
      this.active.waits = false;
      this.take(event);
    }
    if (Math.hypot(this.last.x - from.x, this.last.y - from.y) > 1) this.active.moved = true;
    this.request(() => this.apply());
  }

  request(work) {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      const start = performance.now();
      work();
      globalThis.dualignFrame?.(start, performance.now());
    });
  }

  apply() {
    if (!this.active || !this.last) return;
    const { model, geometry } = this.lens;
    const { kind, side } = this.active;
    const { x: px, y: py, free } = this.last;
    if (kind === "lam") this.toward(geometry.dual.x.inverse(px), geometry.dual.x, free);
    else if (kind === "boundary") this.toward(nearestMultiplier(geometry.set, px, py, model.high), null, free);
    else if (kind === "hyperplane") {
      const u = geometry.set.at.inverse(px);
      this.toward(model.tangentThrough(u, geometry.set.y.inverse(py), side), null, free);
    } else if (kind === "threshold") {
      const { box, at } = geometry.set;
      const inside = Math.min(Math.max(px - this.active.offset, box.left), box.right);
      model.setThreshold(at.inverse(inside));
    }
    this.lens.draw();
  }

  // Near lam* the handle clicks into place, unless Alt is held.
  toward(lam, scale, free) {
    const { model, geometry } = this.lens;
    const { outcome, multiplier } = model.optimum;
    const x = scale ?? geometry.dual?.x;
    const reached = Math.min(Math.max(0, lam), model.high);
    const near = x ? Math.abs(x(reached) - x(multiplier)) < SNAP : Math.abs(reached - multiplier) < 0.008 * model.high;
    if (!free && outcome !== "infeasible" && near) model.snap();
    else model.setMultiplier(lam);
  }

  up(event) {
    if (!this.active || event.pointerId !== this.active.id) return;
    const { moved, kind, waits } = this.active;
    if (this.last && !waits) this.apply();
    this.leave();
    if (moved || (kind === "lam" && !waits)) this.lens.release();
  }

  cancel(event) {
    if (!this.active || event.pointerId !== this.active.id) return;
    const { before, waits } = this.active;
    if (waits) this.leave();
    else this.lens.takeBack(before);
  }

  leave() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.active = null;
    this.last = null;
    delete this.lens.root.dataset.dragging;
  }

  reset() {
    // The pointer was captured by the panel, which hides what was hit: the press before remembers it.
    const kind = this.pressed;
    if (!kind) return;
    const { model } = this.lens;
    if (kind === "threshold") model.setThreshold(model.improvementOf(model.active, model.origin.thresholds[model.active]));
    else model.snap();
    this.lens.release();
  }

  key(event) {
    const kind = this.kind(event);
    const { model } = this.lens;
    if (!kind || event.ctrlKey || event.metaKey || event.altKey) return;
    const up = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    const step = up && up * (event.shiftKey ? 10 : 1);
    const threshold = kind === "threshold";
    if (step && threshold) model.setThreshold(model.threshold + (step * this.span()) / 200);
    else if (step) model.setMultiplier(model.multiplier + (step * model.high) / 200);
    else if (event.key === "Home" && threshold) model.setThreshold(this.reachable()[0]);
    else if (event.key === "End" && threshold) model.setThreshold(this.reachable()[1]);
    else if (event.key === "Home" && !threshold) model.setMultiplier(0);
    else if (event.key === "End" && !threshold) model.setMultiplier(model.high);
    else if (event.key === "Enter" && !threshold) model.snap();
    else return;
    event.preventDefault();
    this.request(() => this.lens.draw());
    // A held key is one change, not a hundred.
    clearTimeout(this.keyTimer);
    this.keyTimer = setTimeout(() => this.settleKeys(), 250);
  }

  settleKeys() {
    if (!this.keyTimer) return;
    clearTimeout(this.keyTimer);
    this.keyTimer = 0;
    this.lens.release();
  }

  // The thresholds in sight that some policy meets; at the highest itself no finite multiplier is enough, so the
  // last one lies a step before it.
  reachable() {
    const { low, high } = this.lens.geometry.set.at, { ends, ceiling } = this.lens.model;
    const most = Number.isFinite(ceiling) ? ceiling : ends[1].utility;
    return [Math.max(low, ends[0].utility), Math.min(high, most - this.span() / 200)];
  }

  span() {
    const { low, high } = this.lens.geometry.set?.at ?? { low: 0, high: 4 * this.lens.model.samples.spread.utilities[0] };
    return high - low;
  }

  stop() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.keyTimer);
  }
}
