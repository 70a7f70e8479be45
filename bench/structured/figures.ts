/** The figures of one side on one case: what a model came to over the seeds, and in how much less time it runs. */
import { pairedRatios, summarize } from '../train/statistics.ts'
import type { Latencies } from './latency.ts'
import type { Pruned } from './prune.ts'

/** One seed's run. */
export interface Run extends Omit<Pruned, 'path'> {
  /** Accuracy after each epoch; none where nothing was trained. */
  readonly epochs: readonly number[]
  /** The same of the model as it came, trained as long. */
  readonly denseEpochs: readonly number[]
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const rounded = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits
const percent = (accuracy: number): number => rounded(100 * accuracy, 3)

/** Accuracies in %, one for each seed; differences in points, of means, after the last epoch: positive where accuracy was lost. */
export function accuracyFigures (runs: readonly Run[]): Record<string, unknown> {
  const [first] = runs
  const { weights, weightsBefore, macs, macsBefore, dense, epochs } = first!
  const after = mean(runs.map((run) => run.epochs.at(-1) ?? run.oneShot))
  return {
    weights, weightsBefore, macs, macsBefore, macsRatio: rounded(macsBefore / macs, 3),
    dense: percent(dense),
    oneShot: runs.map((run) => percent(run.oneShot)),
    epochs: epochs.map((_, at) => runs.map((run) => percent(run.epochs[at]!))),
    denseEpochs: first!.denseEpochs.map((_, at) => runs.map((run) => percent(run.denseEpochs[at]!))),
    accuracyDropPoints: rounded(100 * (dense - after), 3),
    ...(first!.denseEpochs.length > 0 && { dropFromDenseTrainedPoints: rounded(100 * (mean(runs.map((run) => run.denseEpochs.at(-1)!)) - after), 3) }),
  }
}

/** `rounds`: by number of threads, what each round measured. Ratios are medians of the rounds' own: how many times faster the smaller model is. */
export function latencyFigures (rounds: ReadonlyMap<number, readonly Latencies[]>): Record<string, number> {
  const figures: Record<string, number> = {}
  for (const [threads, measured] of rounds) {
    for (const batch of Object.keys(measured[0]!).map(Number)) {
      const [before, after] = [0, 1].map((side) => measured.map((round) => round[batch]![side]!))
      const name = `${batch}${threads === 1 ? 'OneThread' : ''}`
      figures[`latencyRatio${name}`] = rounded(summarize(pairedRatios(before!, after!)).median, 3)
      figures[`milliseconds${name}Before`] = rounded(summarize(before!).median, 3)
      figures[`milliseconds${name}After`] = rounded(summarize(after!).median, 3)
    }
  }
  return figures
}
