/** Sensitivities of the worked example (docs/worked-example.md): how much each weight matters, by a gradient and by a threshold. */

/** Dynamic sensitivity |dL/dw| for the loss L = sum of w^2, which is 2 |w|. One value per weight. */
export function dynamicSensitivities (weights: Float32Array): Float32Array {
  return weights.map((weight) => Math.abs(2 * weight))
}

/** Static sensitivity t * |w| for the threshold t. One value per weight. It only ranks: compared with t itself it would be below it for every |w| < 1. */
export function staticSensitivities (weights: Float32Array, threshold: number): Float32Array {
  return weights.map((weight) => threshold * Math.abs(weight))
}

/** Positions of the weights from the least sensitive to the most; equal ones in their order. */
export function leastSensitiveFirst (sensitivities: Float32Array): number[] {
  return [...sensitivities.keys()].sort((a, b) => sensitivities[a]! - sensitivities[b]! || a - b)
}
