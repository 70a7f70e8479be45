/** Folds batch normalisation within a chain, and takes dead channels out. */
import { EspalierError } from '../../errors.ts'
import { foldNorms } from '../../pruning/fold/fold.ts'
import type { FoldSettings } from '../../pruning/stages/fold.ts'
import type { MethodResult } from '../method.ts'
import { shrinkDead } from '../structured/shrink-dead.ts'
import type { Stage, StageContext } from './stage.ts'

/** Rows and pool are counted behind the last stage. */
const UNCOUNTED: MethodResult = { changes: new Map(), layers: [], pool: { weights: 0, zerosBefore: 0, zeros: 0 }, threshold: null }

export const fold: Stage = {
  async run (context: StageContext, { dead }: FoldSettings) {
    const { model, folded, kept } = await foldNorms(context.model)
    const shrunk = dead ? await shrinkDead(context, model, UNCOUNTED) : UNCOUNTED
    if (folded.length === 0 && shrunk.model === undefined) {
      throw new EspalierError('nothing-pruned', `the stage fold found nothing to fold: ${kept.length === 0 ? 'the model has no batch normalisation' : `${kept[0]!.layer} stays, as ${kept[0]!.reason}`}${dead ? ', and no channel died whole' : ''}`)
    }
    const { structure } = shrunk
    return {
      changes: new Map(),
      model: shrunk.model ?? model,
      ...(structure && { structure }),
      // That nothing died is no warning here, where folding is what was asked for.
      ...(shrunk.model !== undefined && shrunk.notes && { notes: shrunk.notes }),
      record: { folded, kept, ...(structure && { channels: { before: structure.channels.before, after: structure.channels.after } }) },
    }
  },
}
