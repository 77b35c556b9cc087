// The dual function along one multiplier and all that follows from it. Pure functions of a slice (see
// samples.js). Utilities are counted as improvement over the reference: `dual` here is
// D(lam) + lam_j b_j + sum lam_k b_k, so that moving a threshold needs no exponential at all.

const scratch = { exponent: new Float64Array(0), factor: new Float64Array(0), centred: new Float64Array(0) };

function room(length) {
  if (scratch.exponent.length < length) {
    for (const name of Object.keys(scratch)) scratch[name] = new Float64Array(2 * length);
  }
  return scratch;
}

export function median(values) {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

// Everything at one multiplier, exact: one pass over the samples, in log space prompt by prompt.
export function evaluate(problem, beta, multiplier) {
  const { samples, base, score, others } = problem;
  const { start, weights, logWeights, prompts } = samples;
  const inverse = 1 / beta;
  const ess = new Float64Array(prompts);
  const utilities = others.map(() => 0);
  let dual = 0, utility = 0, variance = 0, baseMean = 0, kl = 0, inversePooled = 0;
  for (let p = 0; p < prompts; p++) {
    const first = start[p], count = start[p + 1] - first, q = weights[p];
    const { exponent } = room(count);
    const logShare = -Math.log(count);
    let top = -Infinity;
    for (let i = 0; i < count; i++) {
      const tilt = (base[first + i] + multiplier * score[first + i]) * inverse;
      const a = tilt + (logWeights ? logWeights[first + i] : logShare);
      exponent[i] = a;
      if (a > top) top = a;
    }
    let z = 0, zz = 0, sumBase = 0, sumScore = 0;
    for (let i = 0; i < count; i++) {
      const e = Math.exp(exponent[i] - top);
      exponent[i] = e;
      z += e;
      zz += e * e;
      sumBase += e * base[first + i];
      sumScore += e * score[first + i];
    }
    const meanScore = sumScore / z, meanBase = sumBase / z;
    let square = 0;
    for (let i = 0; i < count; i++) {
      const d = score[first + i] - meanScore;
      square += exponent[i] * d * d;
    }
    for (let k = 0; k < others.length; k++) {
      const values = others[k].values;
      let sum = 0;
      for (let i = 0; i < count; i++) sum += exponent[i] * values[first + i];
      utilities[k] += (q * sum) / z;
    }
    const logZ = top + Math.log(z);
    dual += q * beta * logZ;
    utility += q * meanScore;
    variance += (q * square) / z;
    baseMean += q * meanBase;
    kl += q * ((meanBase + multiplier * meanScore) * inverse - logZ);
    ess[p] = (z * z) / zz;
    inversePooled += 1 / ess[p];
  }
  let reward = baseMean;
  for (let k = 0; k < others.length; k++) reward -= others[k].multiplier * utilities[k];
  return {
    multiplier, dual: dual + samples.rewardMean, utility, curvature: variance * inverse,
    reward: reward + samples.rewardMean, improvement: reward, kl: Math.max(0, kl),
    regularized: reward - beta * kl + samples.rewardMean, others: utilities,
    essMedian: median(ess), essMin: ess.reduce((a, b) => Math.min(a, b), Infinity),
    essPooled: (prompts * prompts) / inversePooled,
  };
}

// D, its slope and curvature and the median effective sample size on an equally spaced grid. One step of the
// grid multiplies each weight by exp(step v / beta), so a sample costs two exponentials per anchor instead of
// one per point. An anchor serves as many steps as keep every weight within e^150 of where it began: what
// underflowed at the anchor is then still negligible, and nothing overflows.
export function dualCurve(problem, beta, low, step, length, withEss = true) {
  const { samples, base, score } = problem;
  const { start, weights, logWeights, prompts } = samples;
  const inverse = 1 / beta;
  const dual = new Float64Array(length).fill(samples.rewardMean);
  const utility = new Float64Array(length), curvature = new Float64Array(length);
  const ess = withEss ? new Float64Array(length * prompts) : null;
  for (let p = 0; p < prompts; p++) {
    const first = start[p], count = start[p + 1] - first, q = weights[p];
    const { exponent, factor, centred } = room(count);
    let least = Infinity, most = -Infinity;
    for (let i = 0; i < count; i++) {
      const v = score[first + i];
      if (v < least) least = v;
      if (v > most) most = v;
    }
    const middle = (least + most) / 2;
    const growth = step * (most - least) * inverse;
    const stride = growth > 0 ? Math.max(1, Math.min(length, Math.floor(300 / growth))) : length;
    for (let i = 0; i < count; i++) {
      centred[i] = score[first + i] - middle;
      if (stride > 1) factor[i] = Math.exp(step * centred[i] * inverse);
    }
    const logShare = -Math.log(count);
    for (let anchor = 0; anchor < length; anchor += stride) {
      const lam = low + anchor * step;
      let top = -Infinity;
      for (let i = 0; i < count; i++) {
        const a = (base[first + i] + lam * centred[i]) * inverse;
        exponent[i] = logWeights ? a + logWeights[first + i] : a + logShare;
        if (exponent[i] > top) top = exponent[i];
      }
      for (let i = 0; i < count; i++) exponent[i] = Math.exp(exponent[i] - top);
      const end = Math.min(length, anchor + stride);
      for (let l = anchor; l < end; l++) {
        let z = 0, zz = 0, first1 = 0, second = 0;
        for (let i = 0; i < count; i++) {
          const e = exponent[i], c = centred[i], ec = e * c;
          z += e;
          zz += e * e;
          first1 += ec;
          second += ec * c;
          exponent[i] = e * factor[i];
        }
        const mean = first1 / z;
        dual[l] += q * (beta * (top + Math.log(z)) + (low + l * step) * middle);
        utility[l] += q * (mean + middle);
        curvature[l] += q * Math.max(0, second / z - mean * mean) * inverse;
        if (ess) ess[l * prompts + p] = (z * z) / zz;
      }
    }
  }
  const multipliers = Float64Array.from({ length }, (_, l) => low + l * step);
  const essMedian = ess ? multipliers.map((_, l) => median(ess.subarray(l * prompts, (l + 1) * prompts))) : null;
  return { beta, low, step, length, multipliers, dual, utility, curvature, essMedian };
}

// Value, slope at any multiplier inside the grid, by cubic Hermite interpolation of D from D and D'.
export function curveAt(curve, multiplier) {
  const { low, step, length, dual, utility } = curve;
  const l = Math.max(0, Math.min(length - 2, Math.floor((multiplier - low) / step)));
  const s = (multiplier - low) / step - l;
  const a = dual[l], b = step * utility[l], d = dual[l + 1], e = step * utility[l + 1];
  const c2 = 3 * (d - a) - 2 * b - e, c3 = 2 * (a - d) + b + e;
  return { dual: a + s * (b + s * (c2 + s * c3)), utility: (b + s * (2 * c2 + 3 * s * c3)) / step };
}

// The multiplier whose tilted policy has this utility, from the curve alone; null outside the grid.
export function multiplierAtUtility(curve, target) {
  const { low, step, length, utility } = curve;
  if (!(target >= utility[0] && target <= utility[length - 1])) return null;
  let left = 0, right = length - 1;
  while (right - left > 1) {
    const mid = (left + right) >> 1;
    if (utility[mid] <= target) left = mid;
    else right = mid;
  }
  let a = low + left * step, b = a + step;
  for (let i = 0; i < 40; i++) {
    const mid = (a + b) / 2;
    if (curveAt(curve, mid).utility <= target) a = mid;
    else b = mid;
  }
  return (a + b) / 2;
}

// Ends of the image set, lam to plus or minus infinity: the policy puts all mass on each prompt's best (worst)
// response; among ties it is the reference tilted by the rest. `level` is D - lam utility in that limit.
export function limit(problem, beta, sign) {
  const { samples, base, score } = problem;
  const { start, weights, logWeights, prompts } = samples;
  let utility = 0, level = samples.rewardMean;
  for (let p = 0; p < prompts; p++) {
    let best = -Infinity;
    for (let i = start[p]; i < start[p + 1]; i++) best = Math.max(best, sign * score[i]);
    const tie = best - 1e-12 * (1 + Math.abs(best));
    const logShare = -Math.log(start[p + 1] - start[p]);
    let top = -Infinity;
    for (let i = start[p]; i < start[p + 1]; i++) {
      if (sign * score[i] < tie) continue;
      top = Math.max(top, base[i] / beta + (logWeights ? logWeights[i] : logShare));
    }
    let z = 0;
    for (let i = start[p]; i < start[p + 1]; i++) {
      if (sign * score[i] >= tie) z += Math.exp(base[i] / beta + (logWeights ? logWeights[i] : logShare) - top);
    }
    utility += weights[p] * sign * best;
    level += weights[p] * beta * (top + Math.log(z));
  }
  return { utility, level };
}

// lam* along this slice: the root of utility(lam) = threshold on lam >= 0. Near the ceiling the shortfall
// ceiling - utility decays exponentially, so Newton works on its logarithm; a bracket guards every step.
export function solve(problem, beta, threshold, ceiling, guess = null) {
  const spread = problem.samples.spread.utilities[problem.active], scale = Math.max(spread, 1e-300);
  // What no policy moves is met by all or by none.
  if (!(spread > 0) && threshold <= ceiling + 1e-12) return { outcome: "not_binding", multiplier: 0, at: evaluate(problem, beta, 0) };
  if (threshold >= ceiling - 1e-9 * scale) {
    return { outcome: "infeasible", multiplier: Infinity, best: ceiling, at: null };
  }
  let at = evaluate(problem, beta, guess ?? 0);
  let low = 0, high = Infinity, zeroTested = false;
  for (let i = 0; i < 100; i++) {
    const error = at.utility - threshold;
    if (at.multiplier === 0) {
      if (error >= 0) return { outcome: "not_binding", multiplier: 0, at };
      zeroTested = true;
    }
    if (Math.abs(error) <= 1e-11 * scale) break;
    if (error < 0) low = at.multiplier;
    else high = at.multiplier;
    if (high - low <= 1e-14 * low) break;
    const gap = ceiling - at.utility;
    let next = at.multiplier + (gap * Math.log(gap / (ceiling - threshold))) / at.curvature;
    if (!(next > low && next < high)) {
      if (low === 0 && !zeroTested) next = 0;
      else next = high === Infinity ? 2 * Math.max(low, beta / scale) : (low + high) / 2;
    }
    at = evaluate(problem, beta, next);
  }
  return { outcome: "binding", multiplier: at.multiplier, at };
}
