/** Scaling of features before the model sees them: who decides, and the doing. */
import type { Architecture, GraphNode } from '../models/architecture/types.ts'
import type { ExampleArray, InputScaling, Split } from './dataset.ts'

const AS_THEY_ARE: InputScaling = { scale: 1, offset: 0 }

/** Bytes of images become [0, 1], as nearly every model that is fed with images wants them. */
const IMAGE_BYTES: InputScaling = { scale: 1 / 255, offset: 0 }

export interface ChosenScaling extends InputScaling {
  /** Why, for the receipt. */
  readonly source: string
  /** Only to features that are images of bytes; else to all. */
  readonly onlyImages: boolean
}

/** Layers that scale inputs themselves. */
const SCALING_LAYERS = new Set(['Rescaling', 'Normalization'])

/** Layers that move or crop values only, so that the one behind them still sees the inputs as they came. */
const PASSIVE_LAYERS = /^(Reshape|Resizing|CenterCrop|Permute|Identity|ZeroPadding\dD|Cropping\dD|Random\w+)$/

/** What features suggest by themselves: x / 255 for images of bytes, else nothing is changed. */
export function defaultScaling (split: Split): InputScaling {
  return split.features.some(isImageOfBytes) ? IMAGE_BYTES : AS_THEY_ARE
}

/**
 * The scaling for a job: the recipe's, else the data set's own when it is not the one its features suggest (then somebody chose it), else none
 * when the model begins with a layer that scales, else what the features suggest.
 */
export function chooseScaling (split: Split, stored: InputScaling, asked: InputScaling | null, architecture: Architecture): ChosenScaling {
  if (asked !== null) return { ...asked, source: 'the recipe', onlyImages: false }
  const suggested = defaultScaling(split)
  if (stored.scale !== suggested.scale || stored.offset !== suggested.offset) return { ...stored, source: 'the data set', onlyImages: false }
  const layer = scalingLayer(architecture)
  if (layer !== undefined) return { ...AS_THEY_ARE, source: `none, the model begins with ${layer}`, onlyImages: false }
  return { ...suggested, source: suggested === IMAGE_BYTES ? 'the default for images of bytes' : 'none', onlyImages: true }
}

/** The split with its features scaled as they are read. */
export function scaleFeatures (split: Split, { scale, offset, onlyImages = false }: InputScaling & { readonly onlyImages?: boolean }): Split {
  if (scale === 1 && offset === 0) return split
  const features = split.features.map((array): ExampleArray => onlyImages && !isImageOfBytes(array)
    ? array
    : {
        ...array,
        type: 'float32',
        async read (from, to) {
          const values = await array.read(from, to)
          for (let index = 0; index < values.length; index++) values[index] = values[index]! * scale + offset
          return values
        },
      })
  return { ...split, features }
}

function isImageOfBytes ({ type, shape }: ExampleArray): boolean {
  return type === 'uint8' && shape.length >= 2
}

/** Path of the scaling layer that the first input goes into, if any. */
function scalingLayer ({ graph, layers }: Architecture): string | undefined {
  let node = graph?.inputs[0]?.node
  while (graph !== undefined && node !== undefined) {
    const from: number = node
    const next = graph.nodes.findIndex((candidate: GraphNode) => candidate.inputs.some((input) => input.node === from))
    const layer = next < 0 ? undefined : layers[graph.nodes[next]!.layer]
    if (layer === undefined) return undefined
    if (SCALING_LAYERS.has(layer.className)) return layer.path
    if (!PASSIVE_LAYERS.test(layer.className)) return undefined
    node = next
  }
  return undefined
}
