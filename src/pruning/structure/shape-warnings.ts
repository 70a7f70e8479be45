/** Which numbers of channels that are left do not suit the device, and which would. */
import type { LayerTypeName } from '../../models/layers/index.ts'

/** A layer that lost outputs: channels of a convolution, units of a dense layer. */
export interface LayerWidth {
  readonly layer: string
  readonly type?: LayerTypeName
  readonly before: number
  readonly after: number
}

export interface TargetDevice {
  readonly device: 'cpu' | 'gpu'
  /** float32 numbers in a vector of the processor; without it nothing is said about processors. */
  readonly lanes?: 8 | 16 | undefined
}

interface Rule {
  readonly multiple: number
  readonly types: ReadonlySet<LayerTypeName | undefined>
  /** The least share by which the time of the next multiple is above what the number itself would need. */
  readonly loss: number
  readonly where: string
}

/**
 * On processors as measured (docs/performance.md): with AVX-512 a convolution takes the time of the next multiple of 16, so that a number just below one loses
 * nothing; with AVX2 all numbers but multiples of 8 are slower; dense layers lose less than 10 %. On GPUs, not measured: NVIDIA, Matrix Multiplication
 * Background User's Guide, Tensor Core Requirements: half precision is fastest on multiples of 8.
 */
const RULES: Readonly<Record<'gpu' | 8 | 16, Rule>> = {
  gpu: { multiple: 8, types: new Set(['Conv1D', 'Conv2D', 'Conv3D', 'Conv1DTranspose', 'Conv2DTranspose', 'Conv3DTranspose', 'Dense']), loss: 0, where: 'on GPUs' },
  16: { multiple: 16, types: new Set(['Conv1D', 'Conv2D']), loss: 0.1, where: 'here' },
  8: { multiple: 8, types: new Set(['Conv1D', 'Conv2D']), loss: 0, where: 'here' },
}

/** A sentence for each layer whose number changed to one that the device does not like, where the layer had enough for a better one. */
export function shapeWarnings (layers: readonly LayerWidth[], { device, lanes }: TargetDevice): string[] {
  const key = device === 'gpu' ? device : lanes
  if (key === undefined) return []
  const { multiple, types, loss, where } = RULES[key]
  return layers.flatMap(({ layer, type, before, after }): string[] => {
    const above = Math.ceil(after / multiple) * multiple
    // Multiples that the layer can have.
    const better = [above, above - multiple].filter((number) => number > 0 && number <= before)
    if (before === after || after === above || better.length === 0 || !types.has(type) || above / after - 1 < loss) return []
    const nearest = better.reduce((best, number) => Math.abs(number - after) < Math.abs(best - after) ? number : best)
    const what = type === 'Dense' ? 'units' : 'channels'
    return [`${layer} has ${after} ${what} left: multiples of ${multiple} run fastest ${where}, ${nearest} is the nearest (roundTo: ${multiple})`]
  })
}
