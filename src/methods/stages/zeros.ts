/** Whether what was zero before a stage is zero behind it. */
import { EspalierError } from '../../errors.ts'
import type { ModelFile, ModelLayer } from '../../models/model.ts'
import { sizeOf } from '../../models/tensor.ts'
import { countZeros } from '../../pruning/sparse.ts'

/** Prunable weights of a model. */
export interface ZeroFigures { readonly weights: number, readonly zeros: number }

interface Reads { readonly layer: string, readonly role: string, readonly shape: readonly number[], readonly values: Float32Array }

/**
 * Counts prunable weights before and behind a stage. Throws `verification-failed`, naming stage, layer and weight, where one that was zero is so no more: place by
 * place where the tensor has its shape still, by the number of nonzeros of a layer where the form changed. `origins`: whose layers came of others.
 */
export async function compareZeros (stage: string, before: ModelFile, after: ModelFile, origins: ReadonlyMap<string, string> = new Map()): Promise<{ before: ZeroFigures, after: ZeroFigures }> {
  const figures = { before: { weights: 0, zeros: 0 }, after: { weights: 0, zeros: 0 } }
  const byOrigin = new Map<string, ModelLayer[]>()
  for (const layer of after.layers) {
    const origin = origins.get(layer.path) ?? layer.path
    byOrigin.set(origin, [...byOrigin.get(origin) ?? [], layer])
  }
  for (const layer of before.layers) {
    const old = await prunableOf([layer])
    const now = await prunableOf(byOrigin.get(layer.path) ?? [])
    add(figures.before, old)
    add(figures.after, now)
    assertKept(stage, layer.path, old, now)
  }
  return figures
}

async function prunableOf (layers: readonly ModelLayer[]): Promise<Reads[]> {
  const reads: Reads[] = []
  for (const { path, weights } of layers) {
    for (const { role, prunable, tensor } of weights) if (prunable) reads.push({ layer: path, role, shape: tensor.shape, values: await tensor.read() })
  }
  return reads
}

function add (figures: { weights: number, zeros: number }, reads: readonly Reads[]): void {
  for (const { shape, values } of reads) {
    figures.weights += sizeOf(shape)
    figures.zeros += countZeros(values)
  }
}

function assertKept (stage: string, layer: string, before: readonly Reads[], after: readonly Reads[]): void {
  const sameForm = before.length === after.length && before.every(({ role, shape }, index) => after[index]!.role === role && String(after[index]!.shape) === String(shape))
  if (sameForm) {
    before.forEach(({ role, values }, index) => {
      const now = after[index]!.values
      const at = values.findIndex((value, place) => value === 0 && now[place] !== 0)
      if (at >= 0) throw lost(stage, `${layer}/${role}[${at}] was zero and is ${now[at]}`, layer)
    })
    return
  }
  const zeros = before.reduce((sum, { values }) => sum + countZeros(values), 0)
  if (zeros === 0) return
  const nonzeros = (reads: readonly Reads[]): number => reads.reduce((sum, { values }) => sum + values.length - countZeros(values), 0)
  const [had, has] = [nonzeros(before), nonzeros(after)]
  if (has > had) throw lost(stage, `${layer} had ${had} weights that are not zero and has ${has}`, layer)
}

function lost (stage: string, what: string, layer: string): EspalierError {
  return new EspalierError('verification-failed', `the stage ${stage} lost zeros of earlier stages: ${what}`, { stage, layer })
}
