/** What the benchmark of structured pruning compares: models, how much of them goes, and by what recipe. */
import { fileURLToPath } from 'node:url'

const here = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** Trained on Fashion-MNIST, by the names of the results. */
export const MODELS = { lenet5: here('examples/lenet5.keras'), resnet8: here('test/fixtures/models/resnet8.keras') } as const
export type ModelName = keyof typeof MODELS

/** `half`: half of the channels of every group; `macs`: half of the multiplications, wherever channels matter least. */
export const CASES = {
  half: { scope: 'layer', target: { channels: 0.5 } },
  macs: { scope: 'global', target: { macs: 0.5 } },
} as const
export type CaseName = keyof typeof CASES

/** Points of accuracy that may be lost after the last epoch. */
export const MARKS: Readonly<Partial<Record<CaseName, number>>> = { macs: 1 }

/** As the peer's usual example trains. */
export const FINE_TUNING = { batchSize: 128, optimizer: { type: 'adam', learningRate: 0.001 } } as const

/** Accuracy is measured after each. */
export const EPOCHS = 2

/** Ways to choose channels, by the recipe's own words. `default` is what a recipe gets that does not say. */
export const VARIANTS: Readonly<Record<string, object>> = {
  default: {},
  ...Object.fromEntries(['sum', 'max'].map((reduce) => [`reduce ${reduce}`, { options: { reduce } }])),
  'normalize none': { options: { normalize: 'none' } },
  ...Object.fromEntries(['group-l1', 'magnitude', 'taylor', 'fisher', 'fpgm', 'wanda', 'bn-scale', 'apoz', 'random'].map((criterion) => [criterion, { criterion }])),
  'taylor none': { criterion: 'taylor', options: { normalize: 'none' } },
  'taylor sum none': { criterion: 'taylor', options: { normalize: 'none', reduce: 'sum' } },
  recalibrate: { batchNorm: 'recalibrate' },
}
