/** Reads an output file back and compares it with what ought to be in it: every weight, and predictions where the model can be run. */
import type { BatchArray, Predictor } from '../engine/predict.ts'
import { EspalierError } from '../errors.ts'
import type { ByteSource } from '../models/bytes.ts'
import { MODEL_FORMATS, readModel, type ModelFormat } from '../models/formats/index.ts'
import type { HeldChanges, ModelFile, TensorChanges } from '../models/model.ts'
import type { StoredTensor } from '../models/tensor.ts'
import { differenceOf } from './compare-tensors.ts'
import type { Probe } from './device.ts'
import type { Report } from './job-data.ts'

/** Largest difference of a prediction, relative to values above 1. Equal weights give equal predictions; kernels may add in another order. */
const TOLERANCE = 1e-5

export interface Verification { readonly verified: true, readonly verification: string, readonly maxDifference: number | null }

export interface Expected {
  readonly model: ModelFile
  readonly changes: TensorChanges
  /** Absent when the model cannot be run; `reason` says why. */
  readonly probe?: Probe
  readonly reason?: string
  /** The model as it runs, and what it is reported on. */
  readonly after?: Predictor
  readonly report?: Report
}

/** Throws `verification-failed` naming the file, the layer and the values that differ. */
export async function verifyOutput (name: string, source: ByteSource, expected: Expected): Promise<Verification> {
  const written = await readModel(source)
  // A model that runs may be written in a format that holds weights alone.
  const { weightsOnly, runtime }: ModelFormat = MODEL_FORMATS[written.format]
  const probe = weightsOnly === true ? undefined : expected.probe
  // Another library reads the file by itself.
  const values = await compareWeights(name, written, expected, probe !== undefined && runtime === undefined)
  if (probe === undefined) {
    return { verified: true, verification: `read back: all weights compared; predictions were not (${reasonFor(written, expected)})`, maxDifference: null }
  }
  const predictor = await probe.load(written, values)
  try {
    const maxDifference = comparePredictions(name, await predictor.predict(probe.inputs), probe.outputs)
    const examples = probe.inputs[0]?.shape[0] ?? 0
    return { verified: true, verification: `read back: all weights equal, predictions of ${examples} examples within ${TOLERANCE}`, maxDifference }
  } finally {
    predictor.dispose()
  }
}

function reasonFor (written: ModelFile, { reason, probe }: Expected): string {
  return (probe === undefined ? reason : written.architecture.problem) ?? 'the model cannot be run'
}

/** Every weight by layer and role, exactly, in the type it is stored in. With `keep`, gives what was read; else no more than a piece is held. */
async function compareWeights (name: string, written: ModelFile, { model, changes }: Expected, keep: boolean): Promise<HeldChanges> {
  const layers = new Map(written.layers.map((layer) => [layer.path, layer]))
  const values = new Map<string, Float32Array>()
  for (const layer of model.layers) {
    const other = layers.get(layer.path)
    for (const weight of layer.weights) {
      const where = `${layer.path}/${weight.role}`
      const found = other?.weights.find(({ role }) => role === weight.role)
      if (found === undefined) throw new EspalierError('verification-failed', `${name} was read back: ${where} is missing`, { name, where })
      const tensor = keep ? await held(found.tensor) : found.tensor
      const difference = await differenceOf(weight.tensor, changes, tensor)
      if (difference !== undefined) {
        const { at, wanted, read } = difference
        throw new EspalierError('verification-failed', `${name} was read back: ${where}[${at}] is ${read}, ${wanted} was written`, { name, where, at })
      }
      if (keep) values.set(found.tensor.key, await tensor.read())
    }
  }
  return values
}

/** A tensor that was read once and is then in memory. */
async function held (tensor: StoredTensor): Promise<StoredTensor> {
  const values = await tensor.read()
  return { key: tensor.key, shape: tensor.shape, type: tensor.type, read: async () => values, async * chunks () { yield values } }
}

/** For predictions that are rounded: only that all are finite is asked. */
export const FINITE = 1e30

/** The largest difference; `tolerance` is relative to values above 1. Throws `verification-failed`. */
export function comparePredictions (name: string, read: readonly BatchArray[], wanted: readonly BatchArray[], tolerance = TOLERANCE): number {
  let largest = 0
  wanted.forEach(({ values }, output) => {
    const others = read[output]?.values
    values.forEach((value, at) => {
      const other = others?.[at] ?? Number.NaN
      if (Number.isNaN(value) && Number.isNaN(other)) return
      const difference = Math.abs(value - other)
      if (!(difference <= tolerance * Math.max(1, Math.abs(value)))) {
        throw new EspalierError('verification-failed', `${name} was read back: prediction ${at} of output ${output} is ${other}, the pruned model gave ${value}`, { name, output, at })
      }
      largest = Math.max(largest, difference)
    })
  })
  return largest
}
