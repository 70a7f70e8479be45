/** Confidence intervals of measured proportions. */

/** Two-sided 95 % quantile of the standard normal distribution. */
const Z = 1.959963984540054

/**
 * Wilson score interval (95 %) of a proportion seen in `examples` independent trials: [low, high] in [0, 1].
 * Wilson 1927, "Probable inference, the law of succession, and statistical inference".
 */
export function wilsonInterval (proportion: number, examples: number): [number, number] {
  if (examples === 0) return [0, 1]
  const z2 = Z * Z / examples
  const centre = (proportion + z2 / 2) / (1 + z2)
  const half = Z / (1 + z2) * Math.sqrt(proportion * (1 - proportion) / examples + z2 / (4 * examples))
  // Rounding must not push a bound of 0 or 1 past the proportion itself.
  return [Math.max(0, Math.min(proportion, centre - half)), Math.min(1, Math.max(proportion, centre + half))]
}
