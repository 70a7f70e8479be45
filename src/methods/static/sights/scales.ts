/** The scales of the batch normalisation behind every channel. */
import { refuseUnscaled, scalesAfter } from '../../channel-scales.ts'
import type { ModelLayer } from '../../../models/model.ts'
import type { OpenSight } from './sight.ts'

const WITHOUT = 'no batch normalisation with a scale follows this layer directly, so its channels have none'

export const scales: OpenSight = async ({ model }, { plan }) => {
  const after = scalesAfter(model.architecture)
  const refuse = refuseUnscaled(model, after, WITHOUT)
  const layers = new Map(model.layers.map((layer) => [layer.path, layer]))
  const seen = plan.prune.filter((tensor) => refuse(tensor) === undefined)
  const gammas = new Map(await Promise.all(seen.map(async ({ layer }): Promise<[string, Float32Array]> => [layer, await gammaOf(layers.get(after.get(layer)!.path)!)])))
  return {
    see: async () => ({ refused: refuse, of: ({ layer }) => ({ scales: gammas.get(layer)! }) }),
    dispose () {},
  }
}

async function gammaOf ({ weights }: ModelLayer): Promise<Float32Array> {
  return await weights.find(({ role }) => role === 'gamma')!.tensor.read()
}
