/** Which weight of which node an initializer is: each belongs to the first node that takes it. */
import { bindUnknown, bound } from '../binding.ts'
import { isFloat, type FileTensor } from '../file-tensor.ts'
import type { ArchitectureLayer, WeightSpec } from '../../architecture/types.ts'
import type { LayerWeight, ModelLayer } from '../../model.ts'
import { uniquePaths } from '../layer-paths.ts'
import { readIntegers, type OnnxNode } from './node-proto.ts'
import { operatorOf, type Attributes, type Operator } from './operators.ts'
import type { OnnxTensor } from './tensor.ts'
import type { Wire } from '../protobuf/wire.ts'

/** Initializers by name. */
export type Initializers = ReadonlyMap<string, OnnxTensor>

export interface GraphWeights {
  readonly layers: readonly ModelLayer[]
  /** Names of initializers that several nodes take. */
  readonly shared: readonly string[]
}

interface Input { readonly role: string, readonly initializer: OnnxTensor }

/**
 * A layer for each node that takes initializers as weights, in the graph's order, then one for each initializer that no node of the graph takes. Integers
 * of one axis at most are settings (shapes, axes, indices), which are not listed.
 */
export async function readGraphWeights (wire: Wire, nodes: readonly OnnxNode[], initializers: Initializers): Promise<GraphWeights> {
  const pathOf = uniquePaths()
  const layers: ModelLayer[] = []
  const users = new Map<string, number>()
  const add = (names: ReadonlyArray<string | undefined>, className: string, inputs: readonly Input[], operator?: Operator, attributes?: Attributes): void => {
    const path = pathOf([...names, inputs[0]!.initializer.name])
    layers.push(layerOf({ path, className, index: layers.length }, inputs, operator, attributes))
  }
  for (const node of nodes) {
    const operator = operatorOf(node.domain, node.operator)
    const inputs: Input[] = []
    for (const [at, name] of node.inputs.entries()) {
      const initializer = initializers.get(name)
      if (initializer === undefined || isSetting(initializer)) continue
      if (!users.has(name)) inputs.push({ role: operator?.inputs[at] ?? `input_${at}`, initializer })
      users.set(name, (users.get(name) ?? 0) + 1)
    }
    if (inputs.length > 0) add([node.name, node.outputs[0]], node.operator, inputs, operator, operator && await readIntegers(wire, node))
  }
  for (const [name, initializer] of initializers) if (!users.has(name) && !isSetting(initializer)) add([], 'Initializer', [{ role: 'value', initializer }])
  return { layers, shared: [...users].filter(([, count]) => count > 1).map(([name]) => name) }
}

function isSetting ({ tensor }: OnnxTensor): boolean {
  return tensor !== undefined && !isFloat(tensor.type) && tensor.shape.length < 2
}

interface Place { readonly path: string, readonly className: string, readonly index: number }

function layerOf ({ path, className, index }: Place, inputs: readonly Input[], operator?: Operator, attributes: Attributes = new Map()): ModelLayer {
  const readable = inputs.flatMap(({ role, initializer: { tensor } }) => tensor === undefined ? [] : [{ role, tensor, spec: specOf(role, tensor, operator, attributes) }])
  const specs = readable.flatMap(({ spec }) => spec ?? [])
  const problems = inputs.flatMap(({ role, initializer: { problem } }) => problem === undefined ? [] : [`its ${role} is left as it is: ${problem}`])
  const layer: ArchitectureLayer = {
    path, className, trainable: true, containers: [], indexInContainer: index,
    ...(specs.length === inputs.length && { weights: specs }),
    ...(problems.length > 0 && { problem: problems.join('; ') }),
  }
  return bound(layer, readable.map(({ role, tensor, spec }) => spec === undefined ? unknownWeight(layer, role, tensor) : knownWeight(spec, tensor)))
}

function specOf (role: string, tensor: FileTensor, operator: Operator | undefined, attributes: Attributes): WeightSpec | undefined {
  if (operator === undefined || !isFloat(tensor.type) || !Object.hasOwn(operator.weights, role)) return undefined
  return operator.weights[role]!(role, tensor.shape, attributes)
}

function knownWeight (spec: WeightSpec, tensor: FileTensor): LayerWeight {
  return { role: spec.role, tensor, spec, prunable: spec.prunable, ...(spec.reason !== undefined && { reason: spec.reason }) }
}

/** By the rule for layers we do not know. */
function unknownWeight (layer: ArchitectureLayer, name: string, tensor: FileTensor): LayerWeight {
  return bindUnknown(layer, [{ name, tensor }]).weights[0]!
}
