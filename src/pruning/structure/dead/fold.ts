/** Channels that go, or stay cut off: what they add is taken up where it is read, and their weights there become zero. */
import type { GivenModel, Read } from './follow.ts'
import type { Fold } from './rule.ts'
import { placeAt, someNonzeroAt, stridesOf } from './weights.ts'

/** New values by path and role. */
export type ChangedWeights = ReadonlyMap<string, ReadonlyMap<string, Float32Array>>

/** `isDead`: of a channel, by its label. Sums are taken in double precision and rounded once. */
export function foldDead (model: GivenModel, reads: readonly Read[], isDead: (label: number) => boolean): ChangedWeights {
  const kernels = new Map<string, Map<string, Float32Array>>()
  const shifts = new Map<string, Map<string, Float64Array>>()
  for (const { layer, role, axis, labels, constants, foldable } of reads) {
    const { shape, values } = model.weight(layer, role)!
    for (const [place, label] of labels.entries()) {
      if (!isDead(label) || !someNonzeroAt({ shape, values: held(kernels, layer, role) ?? values }, axis, place, () => true)) continue
      const kernel = holding(kernels, layer, role, () => values.slice())
      const constant = constants[place]!
      const sums = typeof foldable === 'string' || Number.isNaN(constant) || constant === 0
        ? undefined
        : { constant, fold: foldable, target: holding(shifts, foldable.layer, foldable.role, () => Float64Array.from(model.weight(foldable.layer, foldable.role)!.values)) }
      const addressed = sums && addressOf(sums.fold, shape, model.weight(sums.fold.layer, sums.fold.role)!.shape)
      // Each place of another axis of the same weight finds zeros where this one was.
      someNonzeroAt({ shape, values: kernel }, axis, place, (index) => {
        if (sums !== undefined) sums.target[addressed!(index)]! += sums.fold.sign * sums.constant * kernel[index]!
        kernel[index] = 0
        return false
      })
    }
  }
  for (const [layer, roles] of shifts) for (const [role, values] of roles) holding(kernels, layer, role, () => Float32Array.from(values))
  return kernels
}

function held<T> (all: ReadonlyMap<string, ReadonlyMap<string, T>>, layer: string, role: string): T | undefined {
  return all.get(layer)?.get(role)
}

function holding<T> (all: Map<string, Map<string, T>>, layer: string, role: string, make: () => T): T {
  const roles = all.get(layer) ?? new Map<string, T>()
  all.set(layer, roles)
  const values = roles.get(role) ?? make()
  roles.set(role, values)
  return values
}

/** Where in its target a value of the kernel is added. */
function addressOf ({ axes }: Fold, shape: readonly number[], target: readonly number[]): (index: number) => number {
  const [strides, steps] = [stridesOf(shape), stridesOf(target)]
  const kept = axes.flatMap((to, axis) => to === null ? [] : [{ axis, step: steps[to]! }])
  return (index) => kept.reduce((at, { axis, step }) => at + placeAt(shape, strides, axis, index) * step, 0)
}
