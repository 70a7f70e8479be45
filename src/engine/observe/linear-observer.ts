/** What observations of the inputs of kernels share: which kernels there are, and how many positions were seen. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LoadedWeight } from '../infer/weights.ts'
import { linearPart, type LinearPart } from './linear.ts'
import type { Application, ObservationContext, Observer } from './observation.ts'
import type { Sum } from './sums.ts'

export interface LinearGathering<R> {
  /** Why a kernel is left out, if it is. */
  refuse? (part: LinearPart): string | undefined
  /** Throws what is against all kernels together, before anything is made. */
  admit? (parts: ReadonlyMap<string, LinearPart>): void
  /** The sum of one kernel. */
  sum (weight: LoadedWeight, part: LinearPart): Sum
  /** Adds a batch and gives the number of its positions. */
  add (sum: Sum, part: LinearPart, x: Tensor): number
  /** `values`: by name of the sum. */
  result (weight: LoadedWeight, part: LinearPart, read: (name: string) => Float32Array, rows: number): R
}

/** Observes the inputs of every kernel that was asked for. */
export function linearObserver<R> ({ architecture, weights, asked }: ObservationContext, gathering: LinearGathering<R>): Observer<R> {
  const skipped = new Map<string, string>()
  const parts = new Map<string, LinearPart>()
  for (const { layer, role, name, variable } of asked) {
    const part = linearPart(architecture.layers[layer]!, role, variable.shape)
    const reason = typeof part === 'string' ? part : gathering.refuse?.(part)
    if (reason !== undefined) skipped.set(name, reason)
    else parts.set(name, part as LinearPart)
  }
  gathering.admit?.(parts)
  const seen = asked.filter(({ name }) => parts.has(name)).map((weight) => {
    const part = parts.get(weight.name)!
    return { weight, part, sum: gathering.sum(weight, part), rows: new Map<number, number>() }
  })
  return {
    variables: Object.assign({}, ...seen.map(({ sum }) => sum.variables)) as Observer<R>['variables'],
    skipped,
    see ({ node, layer, inputs }: Application) {
      for (const { weight, part, sum, rows } of seen) {
        if (weight.layer !== layer) continue
        // A step is recorded more often than it is run: the positions of one example are noted, not added.
        rows.set(node, gathering.add(sum, part, part.input(inputs, weights.of(layer), architecture.graph!.nodes[node]!.call)) / inputs[0]!.shape[0]!)
      }
    },
    results: (read, examples) => new Map(seen.map(({ weight, part, rows }) => {
      const positions = [...rows.values()].reduce((total, one) => total + one, 0)
      return [weight.name, gathering.result(weight, part, read, Math.round(positions * examples))]
    })),
  }
}
