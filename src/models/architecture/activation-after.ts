/** The activation that the outputs of a layer go through: its own, or the layer that alone reads them. */
import type { Activation, ActivationName } from '../layers/activations.ts'
import { onlyReaders } from './readers.ts'
import type { Architecture, ArchitectureLayer } from './types.ts'

export interface FollowingActivation {
  /** Of the layer whose outputs are the activations. */
  readonly path: string
  readonly activation: ActivationName | 'prelu'
}

/** Activations that make more than single values exactly 0. */
export const GIVES_ZEROS: ReadonlySet<FollowingActivation['activation']> = new Set(['relu', 'relu6', 'hard_sigmoid', 'hard_silu', 'hard_shrink', 'soft_shrink', 'sparse_plus', 'sparse_sigmoid', 'sparsemax'])

interface WithActivation {
  readonly activation?: Activation
  /** Of recurrent layers. */
  readonly cells?: ReadonlyArray<{ readonly activation: Activation }>
  /** Of a layer at every step. */
  readonly inner?: { readonly config: unknown }
}

/** By path of the layer; one layer of batch normalisation may stand in between. Undefined where no activation follows. */
export function activationAfter (architecture: Architecture): (path: string) => FollowingActivation | undefined {
  const readers = onlyReaders(architecture)
  const layers = new Map(architecture.layers.map((layer) => [layer.path, layer]))
  return (path) => {
    const own = ownActivation(layers.get(path)!)
    if (own !== undefined) return { path, activation: own }
    const reader = readers.get(path)
    const next = reader?.type === 'BatchNormalization' ? readers.get(reader.path) : reader
    if (next === undefined || !ACTIVATION_LAYERS.has(next.type)) return undefined
    const activation = next.type === 'PReLU' ? 'prelu' : ownActivation(next)
    return activation === undefined ? undefined : { path: next.path, activation }
  }
}

const ACTIVATION_LAYERS: ReadonlySet<ArchitectureLayer['type']> = new Set(['Activation', 'ReLU', 'LeakyReLU', 'ELU', 'Softmax', 'PReLU'] as const)

/** Of a function that does something; a slope below 0 leaves no zeros. */
function ownActivation ({ config }: Pick<ArchitectureLayer, 'config'>): FollowingActivation['activation'] | undefined {
  const { activation, cells, inner } = (config ?? {}) as WithActivation
  if (inner !== undefined) return ownActivation(inner)
  const found = activation ?? cells?.at(-1)?.activation
  if (found === undefined || found.name === 'linear') return undefined
  return found.name === 'relu' && found.negativeSlope !== 0 ? 'leaky_relu' : found.name
}
