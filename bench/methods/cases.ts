/** The cases of the benchmark of methods: which model learns what, how it is trained first, and the recipe that prunes it. */
import type { DataName } from './data.ts'

export interface Case {
  readonly model: 'lenet5' | 'lenet300'
  readonly data: DataName
  /** The training of the dense model, from fresh weights. */
  readonly dense: object
  /** The recipe without its seed. */
  readonly recipe: object
  /** What the case has to come to; absent where a peer is what it is compared with. */
  readonly mark?: { readonly compression: number, readonly errorPercent: number, readonly source: string }
  /** For the peer, where there is one that does the same. */
  readonly sparsity?: number
}

/** 5,000 of the 60,000 training images select the epoch whose weights are taken; the test images are read once, at the end. */
const SELECTION = 5000 / 60_000

const sgd = (learningRate: number, weightDecay: number, more: object = {}): object =>
  ({ type: 'sgd', momentum: 0.9, learningRate, weightDecay, schedule: { type: 'cosine', decaySteps: '100%' }, ...more })

/** The high rates that pruning profits from can wreck a trained model in its first steps, which are small and bounded for that. */
const careful = (rate: number, weightDecay: number): object => sgd(rate / 10, weightDecay, {
  clip: { globalNorm: 1 }, schedule: { type: 'cosine', warmupSteps: '5%', warmupTarget: rate, decaySteps: '95%' },
})

/** Weight decay leaves fewer large weights: a dense model that learned with it prunes further, and is no worse itself. */
const DENSE = { batchSize: 128, validation: SELECTION, keep: 'best' }
const MNIST_DENSE = {
  lenet300: { ...DENSE, epochs: 30, optimizer: sgd(0.1, 0.005) },
  lenet5: { ...DENSE, epochs: 16, optimizer: sgd(0.05, 0.005) },
} as const

interface Settings {
  readonly model: Case['model']
  readonly sparsity: number
  readonly scope: 'lamp' | 'global'
  readonly end: string
  readonly epochs: number
  readonly learningRate: number
  readonly weightDecay?: number
  /** Share of the loss that comes from the dense model. */
  readonly taught: number
  readonly mark: NonNullable<Case['mark']>
}

/** Biases may go like everything else: papers count them. */
const BIASES = [{ match: '**/bias', skip: false }]

function mnistSurgery ({ model, sparsity, scope, end, epochs, learningRate, weightDecay = 0, taught, mark }: Settings): Case {
  const training = { epochs, batchSize: 128, validation: SELECTION, optimizer: careful(learningRate, weightDecay), distillation: { weight: taught, temperature: 1 } }
  return {
    model, data: 'mnist', dense: MNIST_DENSE[model], mark,
    recipe: { method: 'surgery', target: { sparsity }, scope, layers: BIASES, options: { margin: 0.5 }, schedule: { end }, training },
  }
}

const MNIST: Readonly<Record<string, Case>> = {
  'lenet300-mnist-surgery': mnistSurgery({
    model: 'lenet300', sparsity: 0.98215, scope: 'lamp', end: '50%', epochs: 100, learningRate: 0.3, weightDecay: 0.0005, taught: 0.7,
    mark: { compression: 56, errorPercent: 1.99, source: 'Guo, Yao, Chen 2016' },
  }),
  'lenet300-mnist-best': mnistSurgery({
    model: 'lenet300', sparsity: 0.9853, scope: 'global', end: '40%', epochs: 150, learningRate: 0.3, weightDecay: 0.0005, taught: 0.7,
    mark: { compression: 68, errorPercent: 1.92, source: 'Molchanov, Ashukha, Vetrov 2017' },
  }),
  'lenet5-mnist-surgery': mnistSurgery({
    model: 'lenet5', sparsity: 0.99076, scope: 'lamp', end: '40%', epochs: 30, learningRate: 0.08, taught: 0.9,
    mark: { compression: 108, errorPercent: 0.91, source: 'Guo, Yao, Chen 2016' },
  }),
  'lenet5-mnist-best': mnistSurgery({
    model: 'lenet5', sparsity: 0.99502, scope: 'lamp', end: '40%', epochs: 75, learningRate: 0.08, weightDecay: 0.001, taught: 0.9,
    mark: { compression: 200, errorPercent: 0.97, source: 'Ullrich, Meeds, Welling 2017' },
  }),
}

/** As the peer was measured: Adam 1e-3, batches of 128, 6 epochs dense, then 6 with pruning over the first 4, every 100 steps. */
function fashionCase (model: Case['model'], method: string, percent: number): Case {
  const training = { epochs: 6, batchSize: 128, optimizer: 'adam' }
  const scheduled = !['lottery', 'iterative'].includes(method)
  return {
    model, data: 'fashion', dense: training, sparsity: percent / 100,
    recipe: { method, target: { sparsity: percent / 100 }, training, ...(scheduled && { schedule: { end: 4 * Math.ceil(60_000 / 128), every: 100 } }) },
  }
}

/** Undefined for a name that is none. */
export function caseNamed (name: string): Case | undefined {
  if (Object.hasOwn(MNIST, name)) return MNIST[name]
  const [, model, method, percent] = /^(lenet5|lenet300)-fashion-([a-z0-9-]+)-(\d+(?:\.\d+)?)$/.exec(name) ?? []
  return model === undefined ? undefined : fashionCase(model as Case['model'], method!, Number(percent))
}

export const CASE_NAMES = [...Object.keys(MNIST), '<lenet5|lenet300>-fashion-<method>-<sparsity in percent>']
