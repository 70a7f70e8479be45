/** What flows through every weight from inputs of ones to the outputs. */
import { synapticFlow } from '../../../engine/flow/synaptic-flow.ts'
import { EspalierError } from '../../../errors.ts'
import type { OpenSight } from './sight.ts'

export const flow: OpenSight = async ({ recipe, model, engine }, { plan }) => {
  if (engine === undefined) throw new EspalierError('internal', `the criterion ${recipe.criterion} was given nothing to compute with`)
  await engine()
  const running = await synapticFlow(model, plan.prune.map(({ name }) => name), Number(recipe.options?.rounds ?? 1))
  return {
    async see (changes) {
      const flows = running.run(changes)
      return { refused: ({ name }) => flows.has(name) ? undefined : 'the criterion follows what flows through kernels, and this is none', of: ({ name }) => ({ flow: flows.get(name)! }) }
    },
    dispose () { running.dispose() },
  }
}
