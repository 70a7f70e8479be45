/** Weights that are zero already go before all others, so that the number of zeros is exact whatever the criterion says of them. */

/** The least number above 0. */
const LEAST = 2 ** -149

/** 0 for weights that are zero, and for no other. */
export function zerosFirst (weights: Float32Array, scores: Float32Array): Float32Array {
  return scores.map((score, index) => weights[index] === 0 ? 0 : score === 0 ? LEAST : score)
}
