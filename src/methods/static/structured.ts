/** Structured pruning at once: the channels that matter least go, with all that is coupled to them. */
import { METHOD_RULES } from '../../pruning/method-rules.ts'
import { createCut, shrinkModel } from '../../pruning/structure/shrink.ts'
import type { StaticMethod } from '../method.ts'
import { coupleModel, leaveUnscored, rankCoupled } from '../structured/channels.ts'
import { reachTarget } from '../structured/reach.ts'
import { channelNotes, channelRows, structureRecord } from '../structured/record.ts'
import { scoreChannels } from '../structured/scores.ts'
import { recalibrate } from './reach.ts'

export const structured = {
  name: 'structured',
  kind: 'static',
  description: METHOD_RULES.structured.description,
  writesModel: true,
  async run (context) {
    const { recipe, model } = context
    const followed = coupleModel(model, recipe)
    const scored = await scoreChannels(context, followed.structure)
    const coupled = leaveUnscored(followed, scored, recipe)
    const { gone, search } = await reachTarget(context, coupled, rankCoupled(coupled, scored, recipe))
    const shrunk = await shrinkModel(model, createCut(coupled.structure, gone))
    const { changes, record } = await recalibrate(context, new Map(), shrunk)
    const { target, scope } = recipe
    return {
      model: shrunk,
      changes,
      ...await channelRows(coupled, shrunk, scope === 'layer' && target !== null && 'channels' in target ? target.channels : null),
      threshold: null,
      structure: structureRecord(coupled, gone),
      notes: channelNotes(coupled, gone),
      ...(scored.record && { calibration: scored.record }),
      ...(record && { batchNorm: record }),
      ...(search && { search }),
    }
  },
} as const satisfies StaticMethod
