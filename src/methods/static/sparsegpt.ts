/** SparseGPT: layer after layer, the weights that stay make up for those that go, so that the layer's outputs over the calibration data change least. */
import type { Hessian } from '../../engine/observe/index.ts'
import { linearPart } from '../../engine/observe/linear.ts'
import { observe } from '../../engine/observe/observe.ts'
import { EspalierError } from '../../errors.ts'
import type { WeightSpec } from '../../models/architecture/types.ts'
import type { ModelFile, ModelLayer } from '../../models/model.ts'
import { SCOPES, type Scope } from '../../pruning/allocation/index.ts'
import { blockBudget } from '../../pruning/compensation/budget.ts'
import { kernelColumns } from '../../pruning/compensation/columns.ts'
import { inverseFactor } from '../../pruning/compensation/inverse-factor.ts'
import { pruneColumns } from '../../pruning/compensation/prune-columns.ts'
import type { GranularityOptions } from '../../pruning/granularity/index.ts'
import { METHOD_RULES } from '../../pruning/method-rules.ts'
import type { PlannedTensor } from '../../pruning/plan.ts'
import { pruneMagnitude, totalsOf, type PrunedTensor, type PruneReport, type PruneTarget } from '../../pruning/prune.ts'
import { countZeros } from '../../pruning/sparse.ts'
import type { StaticContext, StaticMethod } from '../method.ts'
import { planUnits } from '../plan-units.ts'
import { openCalibration } from './calibrate.ts'
import { readPool, type PoolMember } from './pool.ts'
import type { Pruned, Pruner } from './pruner.ts'
import { pruneToTarget } from './reach.ts'
import { scanLayers } from './scan.ts'

export const sparsegpt = {
  name: 'sparsegpt',
  kind: 'static',
  description: METHOD_RULES.sparsegpt.description,
  writesModel: true,
  /** Source: Frantar and Alistarh, SparseGPT: Massive Language Models Can Be Accurately Pruned in One-Shot, ICML 2023. */
  run: async (context) => await pruneToTarget(context, await sparsegptPruner(context)),
} as const satisfies StaticMethod

/** Ready to prune to any sparsity. */
export async function sparsegptPruner (context: StaticContext): Promise<Pruner> {
  const { recipe, model, signal, calibration } = context
  const { scope } = recipe
  if (calibration === undefined) throw new EspalierError('internal', 'the method sparsegpt was given nothing to look at')
  const begin = performance.now()
  const { examples } = calibration
  const data = await openCalibration(calibration, signal)
  const pool = await readPool(context, planUnits(model, recipe, (tensor, layer) => unobservable(tensor, layer)))
  const scan = (SCOPES[scope] as Scope).scans === true
    ? await scanLayers(context, pool, (members, sparsity) => {
      const copies = members.map(({ sparsity: own, ...member }) => ({ ...member, values: member.values.slice() }))
      const { zeros } = pruneMagnitude(copies, { sparsity, scope: 'layer' })
      return { changes: new Map(copies.map(({ key, values }) => [key, values])), zeros }
    })
    : undefined
  const preview = (sparsity: number): readonly PrunedTensor[] => zerosAsked(pool.members, { sparsity, scope, ...(scan && { curves: scan.curves }) })
  const order = inGraphOrder(pool.members, model)

  async function prune (sparsity: number): Promise<Pruned> {
    const asked = new Map(preview(sparsity).map((tensor) => [tensor.name, tensor]))
    const changes = new Map<string, Float32Array>()
    const done = new Map<string, PrunedTensor>()
    for (const [index, given] of order.entries()) {
      signal.throwIfAborted()
      const member = { ...given, values: given.values.slice() }
      // Later layers see what the layers before them give now.
      const observed = await observe({ model, data, changes, observations: ['hessians'], weights: [member.name], batchSize: recipe.calibration!.batchSize, signal })
      const hessian = observed.results.hessians.get(member.name)
      if (hessian === undefined) throw new EspalierError('internal', `${member.name} was not observed: ${observed.skipped.hessians.get(member.name)}`)
      const zerosBefore = countZeros(member.values)
      pruneMember(member, axesOf(model, member), hessian, asked.get(member.name)!.zeros, recipe.granularity)
      done.set(member.name, { ...asked.get(member.name)!, zerosBefore, zeros: countZeros(member.values), threshold: null })
      changes.set(member.key, member.values)
      calibration!.onProgress({ stage: 'calibrating', done: index + 1, total: order.length, etaSeconds: null })
    }
    const tensors = pool.members.map(({ name }) => done.get(name)!)
    const report: PruneReport = { ...totalsOf(tensors), tensors, asked: tensors.reduce((sum, { name }) => sum + asked.get(name)!.zeros, 0), threshold: null }
    return { report, values: pool.members.map(({ key }) => changes.get(key)!), compensated: true }
  }

  return {
    pool,
    ...(scan && { sensitivity: scan.sensitivity }),
    get calibration () {
      const own = { data: examples.name, examples: data.examples, observed: 'second moments of the inputs of every layer, one after the other', seconds: (performance.now() - begin) / 1000 }
      return scan === undefined ? own : { ...own, observed: `${scan.record.observed}; ${own.observed}` }
    },
    preview: async (sparsity) => preview(sparsity),
    prune,
  }
}

/** Why the inputs of a kernel cannot be observed. */
function unobservable ({ role, shape }: PlannedTensor, { layer, className }: ModelLayer): string | undefined {
  const part = linearPart(layer, role, [...shape])
  if (typeof part === 'string') return `sparsegpt needs the inputs of a kernel: ${part}`
  return part.kind === 'indices' ? `sparsegpt needs inputs that are multiplied: ${className} looks its weights up` : undefined
}

/** How many zeros each tensor gets: those of a ranking by magnitude in the scope. Which ones they are is found layer by layer. */
function zerosAsked (members: readonly PoolMember[], target: PruneTarget): readonly PrunedTensor[] {
  return pruneMagnitude(members.map((member) => ({ ...member, values: member.values.slice() })), target).tensors
}

/** By the first place in which a layer is applied. */
function inGraphOrder (members: readonly PoolMember[], { architecture: { graph, layers } }: ModelFile): PoolMember[] {
  const first = new Map<string, number>()
  for (const [node, { layer }] of graph!.nodes.entries()) {
    const { path } = layers[layer]!
    if (!first.has(path)) first.set(path, node)
  }
  return [...members].sort((a, b) => first.get(a.layer)! - first.get(b.layer)!)
}

function axesOf (model: ModelFile, { layer, role }: PlannedTensor): WeightSpec['axes'] {
  return model.layers.find(({ path }) => path === layer)!.weights.find((weight) => weight.role === role)!.spec!.axes
}

/** Changes the values in place: `zeros` of them are zero afterwards, or n:m of every group. */
function pruneMember ({ shape, values }: PoolMember, axes: WeightSpec['axes'], { size, groups, blocks }: Hessian, zeros: number, granularity: GranularityOptions): void {
  const { columnOffsets, outputOffsets } = kernelColumns(shape, axes)
  const outputs = outputOffsets.length / groups
  const budget = blockBudget({ zeros, weights: values.length, already: countZeros(values) })
  for (let group = 0; group < groups; group++) {
    const own = outputOffsets.subarray(group * outputs, (group + 1) * outputs)
    const at = (column: number, output: number): number => columnOffsets[column]! + own[output]!
    const weights = new Float64Array(size * outputs)
    for (let column = 0; column < size; column++) for (let output = 0; output < outputs; output++) weights[column * outputs + output] = values[at(column, output)]!
    pruneColumns({
      weights,
      columns: size,
      outputs,
      factor: inverseFactor(blocks.subarray(group * size * size, (group + 1) * size * size), size),
      ...(granularity.type === 'n:m' && { pattern: granularity }),
      budget,
    })
    for (let column = 0; column < size; column++) for (let output = 0; output < outputs; output++) values[at(column, output)] = weights[column * outputs + output]!
  }
}
