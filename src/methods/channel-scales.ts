/** The scale that batch normalisation gives to every channel of the layer before it. */
import { onlyReaders } from '../models/architecture/readers.ts'
import type { Architecture, ArchitectureLayer } from '../models/architecture/types.ts'
import type { ModelFile } from '../models/model.ts'
import type { PlannedTensor } from '../pruning/plan.ts'

/** The batch normalisation with scales that alone reads a layer's output, over its channels: path by path. */
export function scalesAfter (architecture: Architecture): Map<string, ArchitectureLayer> {
  return new Map([...onlyReaders(architecture)].filter(([, next]) => next.type === 'BatchNormalization' && next.weights?.some(({ role }) => role === 'gamma')))
}

/** Why the units of a weight have no scale each; undefined when they do. `without`: what is said where no batch normalisation follows. */
export function refuseUnscaled ({ layers }: Pick<ModelFile, 'layers'>, scales: ReadonlyMap<string, ArchitectureLayer>, without: string): (tensor: PlannedTensor) => string | undefined {
  const byPath = new Map(layers.map((layer) => [layer.path, layer]))
  return ({ layer, role, shape }) => {
    const scale = scales.get(layer)
    if (scale === undefined) return without
    const axes = byPath.get(layer)!.weights.find((weight) => weight.role === role)?.spec?.axes
    if (axes?.inner === true) return 'its channels stay within the layer, where nothing scales them'
    const channels = (axes?.output ?? []).reduce((product, axis) => product * shape[axis]!, 1) / (axes?.gates ?? 1)
    const scaled = byPath.get(scale.path)!.weights.find((weight) => weight.role === 'gamma')!.tensor.shape[0]!
    return channels === scaled ? undefined : `its ${channels} channels are not the ${scaled} that the batch normalisation scales`
  }
}
