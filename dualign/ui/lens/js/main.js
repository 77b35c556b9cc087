// The component: one Lens per mount, obeying Python's position and committing its own on release.
import { saveCsv, saveSvg } from "./download.js";
import { Dragging } from "./drag.js";
import { drawDual, dualRange } from "./dualpanel.js";
import { short, story } from "./format.js";
import { Model } from "./model.js";
import { Readout, element, write } from "./readout.js";
import { drawSet, setRange } from "./setpanel.js";
import { Pen } from "./svg.js";

const lenses = new WeakMap();
const WIDE = 700;
const HINTS = {
  dual: "drag sideways anywhere: the multiplier \u03bb",
  set: "drag the point, the line or the wall",
};

class Lens {
  constructor(root) {
    this.root = root;
    this.geometry = {};
    this.ranges = {};
    this.sent = 0;
    this.dragging = new Dragging(this);
    this.readout = new Readout(root);
    this.build();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(root);
    this.wake = () => this.data && this.receive(this.data, this.commitValue);
    shelf().waiting.add(this.wake);
  }

  build() {
    const { root } = this;
    const story0 = element("div", "story", root);
    const verdict = element("span", "verdict", story0);
    const sentence = element("p", "sentence", story0);
    const live = element("div", "hidden-text", root);
    live.setAttribute("aria-live", "polite");
    this.panels = element("div", "panels", root);
    this.parts = {};
    for (const [name, title] of [["dual", "The dual function"], ["set", "What policies can reach"]]) {
      const figure = element("figure", `panel panel-${name}`, this.panels);
      const caption = element("figcaption", "", figure);
      element("strong", "", caption, title);
      element("span", "hint", caption, HINTS[name]);
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("role", "group");
      svg.setAttribute("aria-label", title);
      figure.appendChild(svg);
      this.dragging.listen(svg);
      this.parts[name] = { figure, svg, pen: new Pen(svg) };
    }
    const controls = element("div", "controls", root);
    const label = element("label", "beta", controls);
    this.betaName = element("span", "", label, "\u03b2");
    this.beta = element("input", "", label);
    Object.assign(this.beta, { type: "range", min: 0, max: 1000, step: 1 });
    this.beta.setAttribute("aria-label", "beta, strength of the KL penalty");
    this.betaValue = element("output", "", label);
    const buttons = element("div", "buttons", controls);
    const button = (name, title, act) => {
      const node = element("button", "", buttons, name);
      node.type = "button";
      node.title = title;
      node.onclick = act;
      return node;
    };
    this.snapButton = button("Back to \u03bb*", "Move to the optimum", () => this.act(() => this.model.toOptimum()));
    button("Back to start", "Back to where this lens started", () => this.act(() => this.model.restore(this.model.origin)));
    button("SVG", "Save both panels as a picture", () => this.save());
    button("CSV", "Save the curve as a table", () => saveCsv(this.data.source, this.model.view()));
    const list = element("dl", "numbers", root);
    root.insertBefore(list, controls);
    const what = element("details", "meanings", root);
    element("summary", "", what, "What do these numbers mean?");
    const meanings = element("dl", "", what);
    root.insertBefore(what, controls);
    const details = element("details", "twin", root);
    element("summary", "", details, "All values as a table");
    const table = element("tbody", "", element("table", "", details));
    this.note = element("p", "note-line", root);
    this.waiting = element("p", "waiting", root, "Waiting for the scores\u2026");
    this.readout.build({ sentence, verdict, list, live, table, meanings });
    this.slideBeta();
    label.ondblclick = () => this.act(() => this.model.setBeta(this.model.origin.beta));
  }

  // A finger that scrolls the page may begin on the slider: the browser then moves the thumb before it takes the
  // gesture back.
  slideBeta() {
    let before = null, scrolled = false;
    this.beta.onpointerdown = () => {
      before = this.model?.position() ?? null;
      scrolled = false;
    };
    this.beta.onpointercancel = () => {
      scrolled = true;
      this.sliding = false;
      if (before) this.takeBack(before);
    };
    this.beta.oninput = () => {
      if (scrolled) return;
      this.sliding = true;
      this.dragging.request(() => this.moveBeta());
    };
    this.beta.onchange = () => {
      this.sliding = false;
      if (scrolled) {
        scrolled = false;
        if (before) this.takeBack(before);
        return;
      }
      this.moveBeta();
      this.release();
    };
  }

  // A drag that the browser took for a scroll or a zoom meant nothing here.
  takeBack(position) {
    this.dragging.leave();
    this.model.takeBack(position);
    this.model.settle();
    this.ranges = {};
    this.draw();
  }

  save() {
    const style = getComputedStyle(this.root);
    const shown = this.data.show.map((name) => this.parts[name].svg);
    saveSvg(this.data.source, shown, story(this.model.view())[1], style.getPropertyValue("--paper") || "white", style.color);
  }

  act(change) {
    if (!this.model) return;
    change();
    this.release();
  }

  // Python's message: its position is obeyed unless it was written before our last commit or while a hand is on it.
  receive(data, commitValue) {
    this.data = data;
    this.commitValue = commitValue;
    const samples = shelf().sets.get(data.samples);
    this.root.classList.toggle("ready", Boolean(samples));
    if (!samples) return;
    const stale = data.seen < this.sent;
    const fixed = JSON.stringify([data.samples, data.constraint, data.forms]);
    if (!this.model || fixed !== this.fixed) {
      this.model = new Model(samples, data);
      this.ranges = {};
    } else if (!stale && !this.dragging.busy && !same(data, this.model.position())) {
      this.model.adopt(data);
      this.ranges = {};
    }
    this.model.tell(data);
    this.fixed = fixed;
    const pin = data.pinned ? JSON.stringify([data.pinned, fixed]) : null;
    if (pin !== this.pin) {
      this.pinned = pin ? new Model(samples, { ...data, ...data.pinned, optimum: null, reach: null, following: null }) : null;
      this.pin = pin;
      this.ranges = {};
    }
    for (const name of ["dual", "set"]) this.parts[name].figure.hidden = !data.show.includes(name);
    const [kept, all] = data.prompts;
    write(this.note, kept < all ? `Drawn from ${kept.toLocaleString("en")} of ${all.toLocaleString("en")} prompts, evenly spaced, to stay fast.` : "");
    this.readout.explain(data);
    this.resize();
    this.rest();
  }

  betaFrom(slider) {
    const [low, high] = this.data.beta_range.map(Math.log);
    return Number(Math.exp(low + ((high - low) * slider) / 1000).toPrecision(4));
  }

  moveBeta() {
    if (!this.model) return;
    this.model.setBeta(this.betaFrom(Number(this.beta.value)), true);
    this.draw();
  }

  // After a drag: settle ranges, draw exactly, tell Python once.
  release() {
    this.model.settle();
    this.ranges = {};
    this.draw();
    this.rest();
    this.sent = Math.max(Date.now(), this.sent + 1);
    this.commitValue({ ...this.model.position(), event: this.sent });
  }

  rest() {
    this.readout.rest(this.model.view());
  }

  resize() {
    if (!this.model) return;
    const width = this.root.clientWidth;
    if (!width) return;
    this.root.classList.toggle("wide", width >= WIDE && this.data.show.length > 1);
    this.draw();
  }

  draw() {
    const { model, pinned, parts, data, ranges } = this;
    pinned?.matchRange(model.high);
    const view = model.view();
    if (data.show.includes("dual")) {
      ranges.dual = dualRange(model, pinned, ranges.dual);
      this.geometry.dual = drawDual(parts.dual.pen, view, model, pinned, ranges.dual, this.size("dual"));
      parts.dual.pen.end();
    }
    if (data.show.includes("set")) {
      ranges.set = setRange(model, pinned, ranges.set);
      this.geometry.set = drawSet(parts.set.pen, view, model, pinned, ranges.set, this.size("set"));
      parts.set.pen.end();
    }
    const [low, high] = data.beta_range.map(Math.log);
    const slider = String(Math.round((1000 * (Math.log(model.beta) - low)) / (high - low)));
    if (this.beta.value !== slider && !this.sliding) this.beta.value = slider;
    write(this.betaValue, `${short(model.beta)} ${data.reward_unit}`);
    this.beta.setAttribute("aria-valuetext", `${short(model.beta)} ${data.reward_unit}`);
    // At the optimum to the eye, yet held there by the page, there is still something to go back to.
    const there = view.atOptimum && view.others && data.following !== false;
    this.snapButton.disabled = there || view.optimum.outcome === "infeasible";
    this.readout.show(view);
  }

  size(name) {
    const { svg } = this.parts[name];
    const width = svg.parentNode.clientWidth;
    return { width: Math.max(260, width), height: Math.max(260, this.data.height * (width < 480 ? 0.92 : 1)) };
  }

  stop() {
    this.observer.disconnect();
    this.dragging.stop();
    shelf().waiting.delete(this.wake);
  }
}

// Two solvers agree on lam* to about 1e-9; that is no new position.
function same(a, b) {
  const flat = (p) => [...p.multipliers, ...p.thresholds, p.beta];
  const right = flat(b);
  return flat(a).every((value, i) => Math.abs(value - right[i]) <= 1e-8 * Math.max(1e-3, Math.abs(value)));
}

function shelf() {
  return (globalThis.dualignScores ??= { sets: new Map(), waiting: new Set() });
}

// Streamlit's page colour decides the hues: the same concepts, lighter on a dark page.
function paint(root) {
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = "#ffffff";
  probe.fillStyle = getComputedStyle(root).getPropertyValue("--st-background-color").trim() || "#ffffff";
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(probe.fillStyle.slice(i, i + 2), 16) || 0);
  root.dataset.theme = 0.3 * r + 0.59 * g + 0.11 * b < 128 ? "dark" : "light";
}

export default function (component) {
  const root = component.parentElement.querySelector(".lens");
  if (!root) return undefined;
  let lens = lenses.get(root);
  if (!lens) {
    lens = new Lens(root);
    lenses.set(root, lens);
  }
  paint(root);
  lens.receive(component.data, (value) => component.setStateValue("commit", value));
  return () => {
    lens.stop();
    lenses.delete(root);
    root.replaceChildren();
  };
}
