/** Takes dead channels out within a chain. */
import { countedAsIs } from '../static/evaluate.ts'
import { shrinkDead } from '../structured/shrink-dead.ts'
import type { Stage } from './stage.ts'

export const shrink: Stage = {
  async run (context) {
    const { changes, model, structure, notes } = await shrinkDead(context, context.model, await countedAsIs(context))
    const channels = structure === undefined ? undefined : { before: structure.channels.before, after: structure.channels.after }
    return { changes, ...(model && { model }), ...(structure && { structure }), ...(notes && { notes }), record: { ...(channels && { channels }) } }
  },
}
