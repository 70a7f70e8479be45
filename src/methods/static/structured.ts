/** Structured pruning at once: the channels that matter least go, with all that is coupled to them. */
import { METHOD_RULES } from '../../pruning/method-rules.ts'
import type { StaticMethod } from '../method.ts'
import { channelNotes, channelRows, structureRecord } from '../structured/record.ts'
import { shareOfLayers, takeChannels } from '../structured/take.ts'
import { recalibrate } from './reach.ts'

export const structured = {
  name: 'structured',
  kind: 'static',
  description: METHOD_RULES.structured.description,
  writesModel: true,
  async run (context) {
    const { coupled, gone, model, search, record: calibration } = await takeChannels(context)
    const { changes, record } = await recalibrate(context, new Map(), model)
    return {
      model,
      changes,
      ...await channelRows(coupled, model, shareOfLayers(context.recipe)),
      threshold: null,
      structure: structureRecord(coupled, gone),
      notes: channelNotes(coupled, gone),
      ...(calibration && { calibration }),
      ...(record && { batchNorm: record }),
      ...(search && { search }),
    }
  },
} as const satisfies StaticMethod
