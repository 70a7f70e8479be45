/** Real-valued targets: mean squared and mean absolute error, and the share of the variance that is explained. */
import type { Accumulator } from './metric.ts'

/** Loss is the mean squared error over all values; `r2` is 1 - squared error / variance of the targets (0 when they are constant). */
export function createRegression (): Accumulator {
  let count = 0; let squared = 0; let absolute = 0
  // Welford's update of mean and sum of squared deviations: stable for targets with a large mean.
  let mean = 0; let deviations = 0

  return {
    update (predictions, targets) {
      for (let index = 0; index < predictions.length; index++) {
        const target = targets[index]!
        const error = predictions[index]! - target
        squared += error * error
        absolute += Math.abs(error)
        count++
        const step = target - mean
        mean += step / count
        deviations += step * (target - mean)
      }
    },
    result () {
      return { loss: squared / count, mse: squared / count, mae: absolute / count, r2: deviations === 0 ? 0 : 1 - squared / deviations }
    },
  }
}
