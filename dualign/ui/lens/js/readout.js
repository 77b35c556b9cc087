// The lens in words and numbers. All text enters through textContent.
import { fixed, missed, perUnit, short, signed, story } from "./format.js";

export function element(tag, kind, parent, content) {
  const node = document.createElement(tag);
  if (kind) node.className = kind;
  if (content !== undefined) node.textContent = content;
  parent?.appendChild(node);
  return node;
}

export function write(node, content) {
  if (node.textContent !== content) node.textContent = content;
}

function verdictWords(view, verdict) {
  if (verdict === "infeasible") return "infeasible";
  if (verdict === "limit") return "met in the limit";
  if (view.config.names.length === 1) return verdict === "holds" ? "constraint holds" : "constraint missed";
  return verdict === "holds" ? "all constraints hold" : `missed: ${missed(view).join(", ")}`;
}

// Each number: symbol, plain word, concept (its colour), value, unit.
function numbers(view) {
  const { config, digits, at } = view;
  const reward = config.reward_unit, utility = config.units[config.constraint];
  return [
    ["\u03bb", view.atOptimum ? "price at the margin" : "weight of the constraint", "dual", short(view.multiplier), `${reward} per ${perUnit(config)}`],
    ["D(\u03bb)", "upper bound", "dual", fixed(view.dual, digits.reward), reward],
    ["slack", "to spare", "constraint", signed(view.slack, digits.utility), utility],
    ["reward", "gained over the reference", "line", signed(at.improvement, digits.reward), reward],
    ["KL", "away from the reference", "plain", fixed(at.kl, at.kl < 0.1 ? 3 : 2), "nats"],
    ["ESS", "effective replies per prompt", "doubt", fixed(at.essMedian, 1), `of ${fixed(typical(view), 0)}`],
  ];
}

// What the numbers are, for somebody who meets them for the first time.
function explained(config, floor) {
  const name = config.names[config.constraint];
  return [
    ["reference", "The policy that the replies were sampled from. Every gain and every distance is counted from it."],
    ["\u03bb", `The multiplier: how much ${name} weighs against the reward (${config.reward}) in the policy shown. At the optimum \u03bb* it is the price at the margin: moving the threshold by a small step changes what can be earned by \u03bb* times the step.`],
    ["E[r] \u2212 \u03b2 KL", `What is maximised: expected reward less \u03b2 times the distance from the reference.`],
    ["D(\u03bb)", "The dual function: no policy that meets what is required earns more than this. Its lowest value D* is what the best of them does earn, P*."],
    ["slack", `Expected ${name} of the policy shown, less what is required. The constraint holds where it is 0 or more.`],
    ["reward", `Expected reward (${config.reward}) of the policy shown, less that of the reference. It can be positive although the constraint costs something: the cost is counted from the best policy without the constraint.`],
    ["KL", "Distance of the policy shown from the reference, in nats; 0 is the reference itself."],
    ["ESS", `How many equally weighted replies the replies to a prompt are worth for the policy shown (median over prompts). Below ${floor} the picture is not to be trusted.`],
  ];
}

function typical(view) {
  const { start, prompts } = view.samples;
  return start[prompts] / prompts;
}

export class Readout {
  constructor(root) {
    this.root = root;
    this.cells = [];
    this.rows = [];
  }

  build(places) {
    Object.assign(this, places);
  }

  explain(config) {
    const entries = explained(config, config.unreliable.effective_sample_size);
    const text = entries.join();
    if (text === this.told) return;
    this.told = text;
    this.meanings.replaceChildren();
    for (const [term, words] of entries) {
      element("dt", "", this.meanings, term);
      element("dd", "", this.meanings, words);
    }
  }

  show(view) {
    const [verdict, text] = story(view);
    write(this.verdict, verdictWords(view, verdict));
    if (this.verdict.dataset.verdict !== verdict) this.verdict.dataset.verdict = verdict;
    write(this.sentence, text);
    numbers(view).forEach((row, i) => {
      const cell = (this.cells[i] ??= this.cell(row));
      write(cell.value, row[3]);
      write(cell.unit, row[4]);
      write(cell.symbol, row[0]);
      write(cell.plain, row[1]);
    });
    const doubtful = this.cells[5]?.box;
    const floor = view.config.unreliable.effective_sample_size;
    doubtful?.classList.toggle("warned", view.at.essMedian < floor);
  }

  cell([, , concept]) {
    const box = element("div", `number ${concept}`, this.list);
    const symbol = element("dt", "", box);
    const body = element("dd", "", box);
    const plain = element("dd", "plain", box);
    return { box, symbol, plain, value: element("span", "value", body), unit: element("span", "unit", body) };
  }

  // The text twin, written when a drag has come to rest.
  rest(view) {
    const rows = twin(view);
    while (this.rows.length > rows.length) this.rows.pop().row.remove();
    rows.forEach(([name, value, unit], i) => {
      if (!this.rows[i]) {
        const row = element("tr", "", this.table);
        const head = element("th", "", row);
        head.scope = "row";
        this.rows[i] = { row, cells: [head, element("td", "", row), element("td", "", row)] };
      }
      [name, value, unit].forEach((content, k) => write(this.rows[i].cells[k], content));
    });
    write(this.live, story(view)[1]);
  }
}

export function twin(view) {
  const { config, digits, at, optimum } = view;
  const reward = config.reward_unit;
  const rows = config.names.flatMap((name, k) => [
    [`multiplier of ${name}`, short(view.multipliers[k]), `${reward} per ${perUnit({ ...config, constraint: k })}`],
    [`threshold of ${name} (${config.forms[k]})`, fixed(view.thresholds[k], digits.utility), config.units[k]],
    [`slack of ${name}`, signed(view.slacks[k], digits.utility), config.units[k]],
    [`improvement in ${name}`, signed(view.utilities[k], digits.utility), config.units[k]],
  ]);
  return [
    ...rows,
    ["beta", short(view.beta), reward],
    ["dual function D(\u03bb)", fixed(view.dual, digits.reward), reward],
    [view.others ? "optimal multiplier \u03bb*" : "multiplier where D is lowest, the others held", short(optimum.multiplier), `${reward} per ${perUnit(config)}`],
    [view.others ? "dual optimum D* = P*" : "lowest D, the others held", fixed(view.optimal, digits.reward), reward],
    [view.others ? "gap D(\u03bb) \u2212 P*" : "D(\u03bb) above its lowest", fixed(at.gap, digits.reward), reward],
    [`expected ${config.reward}`, fixed(at.reward, digits.reward), reward],
    ["improvement of the reward", signed(at.improvement, digits.reward), reward],
    ["regularized reward E[r] \u2212 \u03b2 KL", fixed(at.regularized, digits.reward), reward],
    ["KL divergence", fixed(at.kl, 3), "nats"],
    ["effective responses per prompt, median", fixed(at.essMedian, 1), ""],
    ["effective responses per prompt, least", fixed(at.essMin, 1), ""],
    ["effective sample size, pooled", fixed(at.essPooled, 0), ""],
    ["highest threshold that can be met", view.form(view.ceiling) ?? "\u2013", config.units[config.constraint]],
  ];
}
