/** What is minimised at each output, and the model without the last activation where the loss takes what comes before it. */
import { EspalierError } from '../../errors.ts'
import type { Activation } from '../../models/layers/activations.ts'
import type { Architecture, ArchitectureLayer } from '../../models/architecture/types.ts'
import { inferTask, lastActivation, type TargetFacts } from '../metrics/infer.ts'
import { LOSSES, type Loss, type LossName } from './losses/index.ts'

export interface OutputLoss {
  readonly name: LossName
  readonly loss: Loss
  readonly fromLogits: boolean
}

export interface Objective {
  readonly outputs: readonly OutputLoss[]
  readonly architecture: Architecture
}

/** `facts`: of each output. Throws `invalid-recipe` for a loss that is not known or does not fit. */
export function createObjective (architecture: Architecture, facts: readonly TargetFacts[], asked: string): Objective {
  if (asked !== 'auto' && !Object.hasOwn(LOSSES, asked)) {
    throw new EspalierError('invalid-recipe', `the loss "${asked}" is not known; losses are auto, ${Object.keys(LOSSES).join(', ')}`)
  }
  const names = facts.map((one, index) => asked === 'auto' ? chosen(one, architecture.graph?.outputNames[index] ?? String(index)) : asked as LossName)
  let stripped = architecture
  const outputs = names.map((name, index): OutputLoss => {
    const loss: Loss = LOSSES[name]
    assertFits(name, loss, facts[index]!, architecture.graph?.outputNames[index] ?? String(index))
    const kind = lastActivation(architecture, index)
    const without = loss.logits !== undefined && kind === loss.logits ? withoutActivation(stripped, index) : undefined
    stripped = without ?? stripped
    const fromLogits = without !== undefined || (loss.logits !== undefined && kind === 'other')
    return { name, loss, fromLogits }
  })
  return { outputs, architecture: stripped }
}

function chosen (facts: TargetFacts, name: string): LossName {
  const { task, context } = inferTask(facts, 'auto', name)
  if (task === 'binary' || task === 'multi-label' || context.classes === 1) return task === 'regression' ? 'mean-squared-error' : 'binary-crossentropy'
  if (task === 'regression') return 'mean-squared-error'
  return context.sparse ? 'sparse-categorical-crossentropy' : 'categorical-crossentropy'
}

function assertFits (name: LossName, loss: Loss, { output, target }: TargetFacts, place: string): void {
  const expected = loss.sparse === true ? [...output.slice(0, -1)] : [...output]
  const fits = [expected, [...expected, 1]].some((shape) => String(shape) === String(target)) || (loss.sparse !== true && output.at(-1) === 1 && String(output.slice(0, -1)) === String(target))
  if (!fits) {
    throw new EspalierError('invalid-recipe', `the loss ${name} at output "${place}" takes targets of shape [${expected.join(', ')}] for outputs [${output.join(', ')}], the data has [${target.join(', ')}]`)
  }
}

/** Undefined where the output's last layer is applied more than once, or is read elsewhere: its activation must stay then. */
function withoutActivation (architecture: Architecture, output: number): Architecture | undefined {
  const { graph, layers } = architecture
  const node = graph?.outputs[output]?.node
  if (graph === undefined || node === undefined) return undefined
  const index = graph.nodes[node]!.layer
  const { config } = layers[index]! as { config?: { activation?: Activation } }
  const shared = graph.nodes.filter(({ layer }) => layer === index).length > 1
  const read = graph.nodes.some(({ inputs }) => inputs.some((ref) => ref.node === node)) || graph.outputs.filter((ref) => ref.node === node).length > 1
  if (config?.activation === undefined || shared || read) return undefined
  const linear: ArchitectureLayer = { ...layers[index]!, config: { ...config, activation: { name: 'linear' } } }
  return { ...architecture, layers: layers.map((layer, at) => at === index ? linear : layer) }
}
