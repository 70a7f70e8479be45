/** Which settings of a layer are those of a weight: how they begin (`kernel_regularizer`), and whose they are where layers and cells are within others. */
import { isRecord } from '../json.ts'
import type { KerasConfig } from './layer-type.ts'

/** The layer or cell that has a weight. */
export interface Owner { readonly className: string, readonly config: KerasConfig }

/** How the settings of a weight begin, by the end of its role. */
const BEGINNINGS: Readonly<Record<string, string>> = {
  kernel: 'kernel',
  recurrent_kernel: 'recurrent',
  depthwise_kernel: 'depthwise',
  pointwise_kernel: 'pointwise',
  bias: 'bias',
  gamma: 'gamma',
  beta: 'beta',
  moving_mean: 'moving_mean',
  moving_variance: 'moving_variance',
  embeddings: 'embeddings',
  alpha: 'alpha',
}

/** The owner of a weight and the beginning of its settings, which is undefined for roles that have none. Settings may be of Keras 2, Keras 3 or TF.js. */
export function weightSettingsOf (layer: Owner, role: string): Owner & { readonly begins: string | undefined } {
  const owner = ownerOf(layer, role)
  const last = roleEnd(role)
  const begins = last === 'kernel' && owner.className.startsWith('Depthwise') ? 'depthwise' : Object.hasOwn(BEGINNINGS, last) ? BEGINNINGS[last] : undefined
  return { ...owner, begins }
}

/** `kernel` of `forward_layer/cell_0/kernel`. */
export function roleEnd (role: string): string {
  return role.slice(role.lastIndexOf('/') + 1)
}

function ownerOf (owner: Owner, role: string): Owner {
  const { config } = owner
  const [first = '', ...rest] = role.split('/')
  const [layer, backward, cell] = [innerOf(config.layer), innerOf(config.backward_layer), innerOf(config.cell)]
  if (first === 'backward_layer' && backward !== undefined) return ownerOf(backward, rest.join('/'))
  if (layer !== undefined) return ownerOf(layer, first === 'backward_layer' || first === 'forward_layer' ? rest.join('/') : role)
  if (cell === undefined) return owner
  const { cells } = cell.config
  return (Array.isArray(cells) ? innerOf(cells[Number(first.replace(/^cell_/, ''))]) : undefined) ?? cell
}

function innerOf (value: unknown): Owner | undefined {
  return isRecord(value) && isRecord(value.config) ? { className: String(value.class_name), config: value.config } : undefined
}
