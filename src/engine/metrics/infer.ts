/** Which task an output has, told from its shape, its last activation and the targets that come with it. */
import { EspalierError } from '../../errors.ts'
import type { Architecture, LastActivation, ValueRef } from '../../models/architecture/types.ts'
import { sizeOf, type NumberType, type Shape } from '../../models/tensor.ts'
import { TASK_NAMES, type OutputContext, type TaskName } from './index.ts'

export type { LastActivation } from '../../models/architecture/types.ts'

export interface OutputTask { readonly task: TaskName, readonly context: OutputContext }

export interface TargetFacts {
  /** Shapes of one example. */
  readonly output: Shape
  readonly target: Shape
  readonly type: NumberType
  /** Every target looked at is a whole number >= 0. */
  readonly wholeNumbers: boolean
  readonly activation: LastActivation
}

/**
 * The task of one output. `asked` other than `auto` decides, and the shapes are checked against it. Throws `shape-mismatch` with both shapes when
 * targets and output do not belong together.
 */
export function inferTask (facts: TargetFacts, asked: string = 'auto', name = 'the output'): OutputTask {
  const output = facts.output.length === 0 ? [1] : facts.output
  const classes = output.at(-1)!
  const positions = sizeOf(output) / classes
  const sizes = { output: sizeOf(output), target: sizeOf(facts.target) }
  // A target of one value per position is a class index; of the output's own size it is a value for each output.
  const sparse = classes > 1 && sizes.target === positions && sizes.target !== sizes.output
  if (!sparse && sizes.target !== sizes.output) throw mismatch(facts, name)
  const task = asked === 'auto' ? guess(facts, { classes, positions, sparse, rank: output.length }) : assertTask(asked)
  if (sparse && (task === 'regression' || task === 'multi-label' || task === 'binary')) throw mismatch(facts, name, task)
  // The softmax of logarithms of probabilities is these again.
  const scores = facts.activation === 'softmax' || facts.activation === 'sigmoid' ? 'probabilities' : 'logits'
  return { task, context: { classes, positions, scores, sparse } }
}

function guess (facts: TargetFacts, at: { classes: number, positions: number, sparse: boolean, rank: number }): TaskName {
  const spatial = at.rank >= 3
  if (at.sparse || facts.activation === 'softmax' || facts.activation === 'log-softmax') return spatial ? 'segmentation' : 'classification'
  if (facts.activation === 'sigmoid' && (facts.wholeNumbers || facts.type === 'bool')) {
    if (spatial && at.classes === 1) return 'segmentation'
    return at.classes * at.positions === 1 ? 'binary' : 'multi-label'
  }
  return 'regression'
}

function assertTask (asked: string): TaskName {
  const known = TASK_NAMES.find((name) => name === asked)
  if (known === undefined) throw new EspalierError('invalid-recipe', `evaluation.task "${asked}" is not known; tasks are ${TASK_NAMES.join(', ')}`)
  return known
}

function mismatch (facts: TargetFacts, name: string, task?: string): EspalierError {
  const shapes = `${name} gives [${facts.output.join(', ')}] for one example, the targets have [${facts.target.join(', ')}]`
  return new EspalierError('shape-mismatch', task === undefined
    ? `${shapes}; they must have the same shape, or one class index per position`
    : `${shapes}, which are class indices; the task ${task} needs one value per output`, { output: facts.output, target: facts.target })
}

/** Layers that only move values about, so that the function before them is the last one. */
const PASSIVE = new Set(['Reshape', 'Flatten', 'Dropout', 'Permute', 'Identity', 'Activation:linear'])

/** The last activation before output number `index` of a model. */
export function lastActivation (architecture: Architecture, index: number): LastActivation {
  const { graph, signature } = architecture
  if (signature !== undefined) return signature.activations[index] ?? 'other'
  let ref: ValueRef | undefined = graph?.outputs[index]
  while (graph !== undefined && ref !== undefined) {
    const node: typeof graph.nodes[number] | undefined = graph.nodes[ref.node]
    const layer: typeof architecture.layers[number] | undefined = node && architecture.layers[node.layer]
    if (node === undefined || layer === undefined) break
    const activation = activationOf(layer.className, layer.config)
    if (activation === 'softmax' || activation === 'sigmoid') return activation
    const passive = PASSIVE.has(layer.className) || PASSIVE.has(`${layer.className}:${activation ?? ''}`)
    if (!passive) break
    ref = node.inputs[0]
  }
  return 'other'
}

function activationOf (className: string, config: unknown): string | undefined {
  if (className === 'Softmax') return 'softmax'
  const activation = (config as { activation?: unknown } | undefined)?.activation
  if (typeof activation === 'string') return activation
  const named = activation as { name?: unknown, type?: unknown } | undefined
  const name = named?.name ?? named?.type
  return typeof name === 'string' ? name : undefined
}
