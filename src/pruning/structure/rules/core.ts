/** Channels of dense layers, embeddings, and layers that pass their input on. */
import type { DenseConfig, EmbeddingConfig } from '../../../models/layers/core.ts'
import type { DropoutConfig } from '../../../models/layers/noise.ts'
import { freezeOthers, withoutLabels, withSettings, type StructureRule } from '../rule.ts'
import { freezeActivated } from './activations.ts'

/** What a model is given stays. */
export const input: StructureRule<unknown> = { couple: ({ outputShapes }) => outputShapes.map(withoutLabels) }

/** Its inputs are rows of the kernel and its units columns; the axes between are passed on. */
export const dense: StructureRule<DenseConfig> = {
  couple (application) {
    const { c, inputs: [given], bind, fresh, sets } = application
    const units = fresh(c.units)
    bind('kernel', 0, given!.at(-1)!)
    bind('kernel', 1, units)
    bind('bias', 0, units)
    return [freezeActivated(sets, c.activation, [...given!.slice(0, -1), units])]
  },
  resize: (entry, { outputs: [output] }) => withSettings(entry, { units: output!.at(-1) }),
}

export const embedding: StructureRule<EmbeddingConfig> = {
  couple (application) {
    const { c, inputs: [given], bind, fresh } = application
    freezeOthers(application, [], 'its values are looked up as indices')
    const units = fresh(c.units)
    bind('embeddings', 1, units)
    return [[...given!.map(() => null), units]]
  },
  resize: (entry, { outputs: [output] }) => withSettings(entry, { output_dim: output!.at(-1) }),
}

/** Steps are left out when all of their values are one number. */
export const masking: StructureRule<unknown> = {
  couple (application) {
    freezeOthers(application, [], 'it is masked by its values')
    return [withoutLabels(application.outputShapes[0]!)]
  },
}

/** A draw that is shared along an axis is told its sizes. */
export const dropout: StructureRule<DropoutConfig> = {
  couple (application) {
    const { c, inputs: [given], sets } = application
    given!.forEach((labels, axis) => { if ((c.noiseShape?.[axis] ?? 1) !== 1) sets.freeze(labels, 'its size stands in the noise_shape of a dropout') })
    return [given!]
  },
}
