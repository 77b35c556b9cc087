// A pen that keeps its SVG nodes by name from frame to frame, scales, and labels that never overlap.

export const NAMESPACE = "http://www.w3.org/2000/svg";

export class Pen {
  constructor(root) {
    this.root = root;
    // Marks come and go: what is made late still belongs above the grid and below the handles. A node that moves
    // in the document would lose the keyboard's focus.
    [this.back, this.front] = [0, 1].map(() => root.appendChild(document.createElementNS(NAMESPACE, "g")));
    this.nodes = new Map();
    this.used = new Set();
    this.boxes = [];
    this.dots = [];
  }

  begin(width, height) {
    this.used.clear();
    this.boxes = [];
    this.dots = [];
    this.width = width;
    this.height = height;
    this.set(this.root, { width, height, viewBox: `0 0 ${width} ${height}` });
  }

  end() {
    for (const [name, node] of this.nodes) {
      if (this.used.has(name)) continue;
      node.remove();
      this.nodes.delete(name);
    }
  }

  set(node, attributes) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null) node.removeAttribute(name);
      else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
    }
  }

  node(name, tag, attributes, parent = this.root) {
    let node = this.nodes.get(name);
    if (!node) {
      node = document.createElementNS(NAMESPACE, tag);
      this.nodes.set(name, node);
      if (parent === this.root) parent.insertBefore(node, this.front);
      else parent.appendChild(node);
    }
    this.used.add(name);
    this.set(node, attributes);
    return node;
  }

  path(name, kind, d, more = {}) {
    return this.node(name, "path", { class: kind, d, ...more });
  }

  line(name, kind, x1, y1, x2, y2, more = {}, parent = this.root) {
    const r = (v) => Math.round(v * 100) / 100;
    return this.node(name, "line", { class: kind, x1: r(x1), y1: r(y1), x2: r(x2), y2: r(y2), ...more }, parent);
  }

  rect(name, kind, x, y, width, height, more = {}) {
    const shape = { x, y, width: Math.max(0, width), height: Math.max(0, height) };
    return this.node(name, "rect", { class: kind, ...shape, ...more });
  }

  circle(name, kind, x, y, r, more = {}) {
    return this.node(name, "circle", { class: kind, cx: x.toFixed(2), cy: y.toFixed(2), r, ...more });
  }

  text(name, kind, x, y, content, anchor = "start", more = {}) {
    const node = this.node(name, "text", { class: kind, x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor, ...more });
    if (node.textContent !== content) node.textContent = content;
    return node;
  }

  // The region that following marks may not leave.
  clip(name, x, y, width, height) {
    const clip = this.node(name, "clipPath", { id: name });
    const shape = this.node(`${name}-shape`, "rect", { x, y, width: Math.max(0, width), height: Math.max(0, height) }, clip);
    if (shape.parentNode !== clip) clip.appendChild(shape);
    return { "clip-path": `url(#${name})` };
  }

  reserve(x, y, width, height) {
    this.boxes.push([x, y, x + width, y + height]);
  }

  // A curve or line that labels keep away from: points no further apart than a label is high.
  obstruct(points) {
    for (let i = 1; i < points.length; i++) {
      const a = points[i - 1], b = points[i];
      const pieces = Math.min(200, Math.ceil(Math.hypot(b.x - a.x, b.y - a.y) / 9));
      for (let k = 0; k < pieces; k++) this.dots.push(a.x + ((b.x - a.x) * k) / pieces, a.y + ((b.y - a.y) * k) / pieces);
    }
  }

  // A label at the freest of the places [dx, dy, anchor] about (x, y): never on another label, and off the
  // curves where it can be. With `must` the least bad place is taken, else the label is left out. Of several
  // wordings the first that has a free place is written, the next where it has none.
  label(name, kind, x, y, wordings, places, { must = false, size = 12.5, frame } = {}) {
    let chosen = null, least = Infinity;
    for (const content of [wordings].flat()) {
      const found = this.place(content, x, y, places, { must, size, frame });
      if (found.cost < least) [least, chosen] = [found.cost, { content, ...found }];
      if (least === 0) break;
    }
    if (!chosen || (least >= 100 && !must)) return null;
    return this.write(name, kind, chosen.left, chosen.base, chosen.content, chosen.box);
  }

  place(content, x, y, places, { must, size, frame }) {
    const width = this.measure(content, size), height = size + 3;
    const area = frame ?? [0, 0, this.width, this.height];
    let best = { cost: Infinity };
    for (const [dx, dy, anchor] of places) {
      let left = x + dx - (anchor === "end" ? width : anchor === "middle" ? width / 2 : 0);
      if (must) left = Math.min(Math.max(left, area[0] + 2), area[2] - width - 2);
      const top = y + dy - size;
      const box = [left - 2, top, left + width + 2, top + height];
      if (box[0] < area[0] || box[2] > area[2] || box[1] < area[1] || box[3] > area[3]) continue;
      const crowd = 100 * this.boxes.filter((b) => box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1]).length;
      const cost = crowd + this.crossings(box);
      if (cost < best.cost) best = { cost, left, base: y + dy, box };
      if (cost === 0) break;
    }
    return best;
  }

  // The first of several wordings that is no wider than this.
  fitting(wordings, width, size = 12.5) {
    return wordings.find((content) => this.measure(content, size) <= width) ?? wordings.at(-1);
  }

  // Width of a label in the page's own font, at the weight of the boldest label.
  measure(content, size) {
    this.ruler ??= document.createElement("canvas").getContext("2d");
    this.family ??= getComputedStyle(this.root).fontFamily;
    this.ruler.font = `500 ${size}px ${this.family}`;
    return this.ruler.measureText(content).width;
  }

  crossings(box) {
    let count = 0;
    for (let i = 0; i < this.dots.length; i += 2) {
      const x = this.dots[i], y = this.dots[i + 1];
      if (x > box[0] && x < box[2] && y > box[1] && y < box[3]) count++;
    }
    return count;
  }

  write(name, kind, x, y, content, box) {
    this.boxes.push(box);
    return this.text(name, kind, x, y, content);
  }
}

export function scale(low, high, from, to) {
  const factor = (to - from) / (high - low || 1);
  const map = (value) => from + (value - low) * factor;
  map.inverse = (pixel) => low + (pixel - from) / factor;
  map.low = low;
  map.high = high;
  return map;
}

// Quadratic pieces through points with known tangents: the control point is where two tangents meet, so that
// few points give the true convex shape.
export function smooth(points) {
  const at = (p) => `${p.x.toFixed(2)} ${p.y.toFixed(2)}`;
  let d = points.length ? `M${at(points[0])}` : "";
  for (let i = 1; i < points.length; i++) {
    const a = points[i - 1], b = points[i];
    const cross = a.dx * b.dy - a.dy * b.dx;
    const s = cross ? ((b.x - a.x) * b.dy - (b.y - a.y) * b.dx) / cross : NaN;
    const control = { x: a.x + s * a.dx, y: a.y + s * a.dy };
    const [left, right] = a.x < b.x ? [a.x, b.x] : [b.x, a.x];
    const sane = Number.isFinite(s) && control.x >= left - 0.5 && control.x <= right + 0.5;
    d += sane ? `Q${at(control)} ${at(b)}` : `L${at(b)}`;
  }
  return d;
}
