// SVG and CSV of what is shown, made in the browser.
import { NAMESPACE } from "./svg.js";

const KEPT = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "stroke-linecap",
  "stroke-opacity", "opacity", "font-family", "font-size", "font-weight", "font-style", "paint-order"];

function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

// One self-contained picture: the style sheet does not travel, so each mark keeps its computed style.
export function svgText(samples, panels, caption, background, color) {
  const width = panels.reduce((sum, svg) => sum + svg.clientWidth, 0);
  const height = Math.max(...panels.map((svg) => svg.clientHeight)) + 34;
  const out = document.createElementNS(NAMESPACE, "svg");
  out.setAttribute("xmlns", NAMESPACE);
  out.setAttribute("width", width);
  out.setAttribute("height", height);
  const source = document.createElementNS(NAMESPACE, "metadata");
  source.textContent = `dualign; samples SHA-256 ${samples}`;
  out.appendChild(source);
  const ground = document.createElementNS(NAMESPACE, "rect");
  ground.setAttribute("width", width);
  ground.setAttribute("height", height);
  ground.setAttribute("fill", background);
  out.appendChild(ground);
  const title = document.createElementNS(NAMESPACE, "text");
  for (const [key, value] of Object.entries({ x: 14, y: 20, fill: color, "font-size": 14, "font-family": "sans-serif" })) title.setAttribute(key, value);
  title.textContent = caption;
  out.appendChild(title);
  let x = 0;
  for (const svg of panels) {
    const copy = svg.cloneNode(true);
    const before = [...svg.querySelectorAll("*")], after = [...copy.querySelectorAll("*")];
    after.forEach((node, i) => {
      const style = getComputedStyle(before[i]);
      for (const key of KEPT) node.setAttribute(key, style.getPropertyValue(key));
      for (const name of [...node.getAttributeNames()]) {
        if (/^(aria-|data-|tabindex|role|class)/.test(name)) node.removeAttribute(name);
      }
    });
    copy.setAttribute("x", x);
    copy.setAttribute("y", 34);
    x += svg.clientWidth;
    out.appendChild(copy);
  }
  return new XMLSerializer().serializeToString(out);
}

// Whose scores these are: the head of the set's SHA-256.
const mark = (samples) => samples.slice(0, 8);

export function saveSvg(samples, ...given) {
  save(`lens-${mark(samples)}.svg`, "image/svg+xml", svgText(samples, ...given));
}

// A cell that a spreadsheet would take for a formula is quoted with an apostrophe; numbers stay numbers.
export function csvCell(value) {
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvText(samples, view) {
  const { curve, config } = view;
  const rows = [["multiplier", "dual", "slack", "improvement", "regularized_reward", "curvature", "ess_median", "beta", "threshold", "constraint", "samples_sha256"]];
  for (let l = 0; l < curve.length; l++) {
    const lam = curve.multipliers[l], u = curve.utility[l];
    rows.push([lam, curve.dual[l] - view.held - lam * view.improvement, u - view.improvement, u, curve.dual[l] - lam * u - view.held,
      curve.curvature[l], curve.essMedian[l], view.beta, view.threshold, config.names[config.constraint], samples]);
  }
  return rows.map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n";
}

export function saveCsv(samples, view) {
  save(`lens-${mark(samples)}.csv`, "text/csv", csvText(samples, view));
}
