/** Runs the factorization of layers, and looks for its ranks. */
import { chooseCalibration } from '../../datasets/index.ts'
import { EspalierError } from '../../errors.ts'
import type { ModelFile } from '../../models/model.ts'
import { nearest } from '../../pruning/nearest.ts'
import { matches } from '../../pruning/glob.ts'
import { candidatesOf, type Skipped } from '../../pruning/low-rank/candidates.ts'
import { chooseByEnergy, chooseByMacs, macsOf, type Choice, type Decomposed } from '../../pruning/low-rank/choose.ts'
import { decompose } from '../../pruning/low-rank/decompose.ts'
import { factorize } from '../../pruning/low-rank/factorize.ts'
import type { LowRankSettings } from '../../pruning/stages/low-rank.ts'
import { openEvaluator } from '../evaluator.ts'
import type { SearchRecord } from '../receipt.ts'
import { searchAccuracy } from '../static/targets/accuracy.ts'
import type { Stage, StageContext } from './stage.ts'

/** What every factorized layer keeps at least, and what each becomes. */
interface Chosen { readonly energy: number, readonly choices: readonly Choice[], readonly search?: SearchRecord }

export const lowRank: Stage = {
  async run (context: StageContext, settings: LowRankSettings) {
    const { model } = context
    assertMatching(model, settings.layers)
    const { candidates, skipped } = await candidatesOf(model, settings.layers)
    const layers: Decomposed[] = []
    for (const candidate of candidates) {
      context.signal.throwIfAborted()
      context.onProgress({ stage: context.name, done: layers.length, total: candidates.length, etaSeconds: null })
      layers.push({ ...candidate, decomposition: decompose(candidate.values, candidate.kernel) })
      // Lets messages (cancel, disconnect) in between layers.
      await new Promise((resolve) => setImmediate(resolve))
    }
    const { energy, choices, search } = await choose(context, layers, settings)
    if (choices.every(({ ranks }) => ranks === null)) throw nothing(skipped, layers, energy)
    const made = factorize(model, choices)
    return { changes: new Map(), model: made.model, origins: made.origins, record: { ...recordOf(choices, skipped), macs: { before: macsIn(model), after: macsIn(made.model) }, energy, ...(search && { search }) } }
  },
}

function assertMatching ({ layers }: ModelFile, globs: readonly string[]): void {
  const paths = layers.filter(({ weights }) => weights.length > 0).map(({ path }) => path)
  const missing = globs.find((glob) => !paths.some((path) => matches(glob, path)))
  if (missing === undefined) return
  const near = nearest(missing, paths)
  throw new EspalierError('invalid-recipe', `recipe: the stage low-rank: "${missing}" of "layers" matches no layer with weights${near === undefined ? '' : ` (did you mean "${near}"?)`}`, { match: missing })
}

async function choose (context: StageContext, layers: readonly Decomposed[], settings: LowRankSettings): Promise<Chosen> {
  if ('energy' in settings) return { energy: settings.energy, choices: chooseByEnergy(layers, settings.energy) }
  const before = layers.reduce((sum, { macs }) => sum + macs, 0)
  if ('macs' in settings) return chosenFor(layers, settings.macs * before)
  return await byAccuracy(context, layers, before, settings)
}

/** Throws `target-missed` where even rank 1 has more. */
function chosenFor (layers: readonly Decomposed[], allowed: number): Chosen {
  const found = chooseByMacs(layers, allowed)
  if (found !== null) return found
  const least = macsOf(chooseByEnergy(layers, 0))
  throw new EspalierError('target-missed', `at most ${Math.floor(allowed)} multiplications are asked of the layers that can be factorized, but ${least} stay even at rank 1`, { allowed, reached: least })
}

/** The largest share of multiplications that can go, as far as the search comes. */
async function byAccuracy (context: StageContext, layers: readonly Decomposed[], before: number, { maxAccuracyDrop, search }: LowRankSettings & { readonly maxAccuracyDrop: number }): Promise<Chosen> {
  const { model, recipe } = context
  if (layers.length === 0) return { energy: 1, choices: [] }
  const examples = context.examples!
  // Where something trains without validation examples, some of those that it trains on select.
  const selection = examples.selection ?? chooseCalibration(examples, search!.examples, recipe.seed).split
  const calibration = { ...context, examples: { ...examples, selection } }
  const most = 1 - macsOf(chooseByEnergy(layers, 0)) / before
  const bounds = { low: Math.min(search!.low, most), high: Math.min(search!.high, most) }
  const at = (share: number): Chosen => chosenFor(layers, (1 - Math.min(share, most)) * before)
  const { sparsity, search: record } = await searchAccuracy({ maxAccuracyDrop }, { recipe: { ...recipe, search: search! }, model, signal: context.signal, calibration }, bounds, async (request) => ({
    async metrics (share) {
      const one = share === null ? model : factorize(model, at(share).choices).model
      const evaluator = await openEvaluator(calibration, { ...request, model: one })
      try {
        return await evaluator.evaluate(new Map())
      } finally {
        evaluator.dispose()
      }
    },
  }))
  return { ...at(sparsity), search: record }
}

function recordOf (choices: readonly Choice[], skipped: readonly Skipped[]) {
  const stays = choices.filter(({ ranks }) => ranks === null).map(({ layer: { layer } }) => ({ layer: layer.path, reason: 'factors would save no multiplications at this energy' }))
  return {
    layers: choices.flatMap(({ layer: { layer, values, macs }, ranks }) => ranks === null
      ? []
      : [{
          layer: layer.path, kind: ranks.kind, rank: ranks.rank, macsBefore: macs, macsAfter: ranks.macs, weightsBefore: values.length, weightsAfter: ranks.weights,
          error: Math.sqrt(Math.max(0, 1 - ranks.energy)),
        }]),
    skipped: [...skipped, ...stays],
  }
}

function macsIn ({ architecture }: ModelFile): number {
  return architecture.graph!.nodes.reduce((sum, { macs }) => sum + macs, 0)
}

/** Reasons listed in a message; models have hundreds of layers. */
const MAX_LISTED = 6

function nothing (skipped: readonly Skipped[], layers: readonly Decomposed[], energy: number): EspalierError {
  const why = skipped.slice(0, MAX_LISTED).map(({ layer, reason }) => `${layer}: ${reason}`).join('; ')
  return new EspalierError('nothing-pruned',
    `the stage low-rank factorized no layer: ${layers.length === 0 ? `none can be (${why})` : `factors would save no multiplications in any of ${layers.length} layers that keep ${energy} of their energy: ask for less energy`}`)
}
