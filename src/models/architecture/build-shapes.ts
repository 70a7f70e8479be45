/** The input shapes that Keras notes in a configuration, brought up to date after layers became narrower: it builds layers for them when it loads the file. */
import { isRecord, type Json } from '../json.ts'
import { symbolicShape } from '../layers/core.ts'
import type { SymbolicShape } from '../tensor.ts'
import { editLayers } from './edit-layers.ts'
import { isModel } from './model-entry.ts'
import { inputChanges, isChanged, renewed, type InputChange } from './shape-changes.ts'
import type { Architecture } from './types.ts'

/**
 * `config` with the `build_config` of layers and models, the shapes of the inputs of nested models and the shapes of first layers as `after` has them,
 * whose configuration it is; `before` is the architecture for which they were written. A `build_config` is left out where its new shapes cannot be told,
 * as Keras builds such a layer when it is called. The same object comes back where nothing changes.
 */
export function withBuildShapes (config: Json, before: Architecture, after: Architecture): Json {
  const changes = inputChanges(before, after)
  const weightsBefore = new Map(before.layers.map(({ path, weights }) => [path, shapesText(weights)]))
  const isOtherwiseMade = new Set(after.layers.filter(({ path, weights }) => weightsBefore.get(path) !== shapesText(weights)).map(({ path }) => path))

  function layer (path: string, entry: Json): Json {
    const calls = changes.get(path) ?? []
    const isMoved = calls.some(isChanged)
    const plain = isMoved || isOtherwiseMade.has(path) ? withoutInnerBuilds(entry) : entry
    return isMoved ? withShapes(plain, calls) : plain
  }

  function model (path: string, entry: Json): Json {
    const inputs = inputsOf(path, entry, changes)
    return isChanged(inputs) ? withShapes(entry, [inputs]) : entry
  }

  return editLayers(config, layer, model)
}

/** Settings that hold the input shape of a layer or of a sequential model. */
const SHAPE_SETTINGS = ['batch_shape', 'batch_input_shape', 'build_input_shape']

function withShapes (entry: Json, calls: ReadonlyArray<readonly InputChange[]>): Json {
  const { build_config: built, config, inbound_nodes: nodes } = entry
  // Members keep their places, so that the text of the file does.
  const changed = {
    ...entry,
    ...(isRecord(config) && { config: withSettings(config, calls) }),
    ...(Array.isArray(nodes) && { inbound_nodes: nodes.map((node: unknown, call) => withTensorShapes(node, call, calls)) }),
    ...(isRecord(built) && { build_config: withNewShapes(built, calls) }),
  }
  if (isRecord(changed.build_config) || !isRecord(built)) return changed
  const { build_config: _, ...rest } = changed
  return rest
}

/** A Keras 3 call notes the shape of each tensor that it is given; only its place in the graph is used again. */
function withTensorShapes (node: unknown, call: number, calls: ReadonlyArray<readonly InputChange[]>): unknown {
  let count = 0
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk)
    if (!isRecord(value)) return value
    const { config } = value
    if (value.class_name !== '__keras_tensor__' || !isRecord(config)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item)]))
    const [shape, own] = [symbolicShape(config.shape), calls[call]?.[count++]]
    const now = shape === undefined ? undefined : renewed(shape, own === undefined ? calls : [[own]])
    return now === undefined ? value : { ...value, config: { ...config, shape: now } }
  }
  return walk(node)
}

function withSettings (config: Json, calls: ReadonlyArray<readonly InputChange[]>): Json {
  const found = SHAPE_SETTINGS.flatMap((key) => {
    const shape = symbolicShape(config[key])
    return shape === undefined ? [] : [[key, renewed(shape, calls) ?? shape]]
  })
  return found.length === 0 ? config : { ...config, ...Object.fromEntries(found) }
}

/** Undefined when the new shapes cannot be told. `input_shape` of several inputs has them in the order of the call; other forms name them. */
function withNewShapes (build: Json, calls: ReadonlyArray<readonly InputChange[]>): Json | undefined {
  const several = Array.isArray(build.input_shape) ? build.input_shape.map(symbolicShape) : []
  const inOrder = several.length > 0 && several.every((shape) => shape !== undefined)
    ? several.map((shape, place) => renewed(shape, calls.filter(({ length }) => length === several.length).map((inputs) => [inputs[place]!])))
    : undefined
  if (inOrder?.every((shape) => shape !== undefined) === true) return { ...build, input_shape: inOrder }
  let isTold = true
  const walk = (value: unknown): unknown => {
    const shape = symbolicShape(value)
    if (shape !== undefined) {
      const found = renewed(shape, calls)
      isTold &&= found !== undefined
      return found
    }
    if (Array.isArray(value)) return value.map(walk)
    return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item)])) : value
  }
  const result = walk(build) as Json
  return isTold ? result : undefined
}

/** What a model is given: what its InputLayers are, or its first layer. */
function inputsOf (path: string, { config }: Json, changes: ReadonlyMap<string, ReadonlyArray<readonly InputChange[]>>): readonly InputChange[] {
  const layers = (Array.isArray(config) ? config : (config as Json).layers) as readonly Json[]
  const pathOf = (entry: Json) => [...(path === '' ? [] : [path]), String(entry.name ?? (entry.config as Json).name)].join('/')
  const inputs = layers.filter(({ class_name: className }) => className === 'InputLayer')
  if (inputs.length > 0) return inputs.flatMap((entry) => changes.get(pathOf(entry))?.[0] ?? [])
  const [first] = layers
  if (first === undefined) return []
  return isModel(first) ? inputsOf(pathOf(first), first, changes) : changes.get(pathOf(first))?.[0] ?? []
}

/** What a layer is made of (cells, a wrapped layer) is built by the layer itself. */
function withoutInnerBuilds (entry: Json): Json {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk)
    if (!isRecord(value)) return value
    const members = Object.entries(value).filter(([key]) => !(key === 'build_config' && typeof value.class_name === 'string'))
    return Object.fromEntries(members.map(([key, item]) => [key, walk(item)]))
  }
  return hasInnerBuilds(entry.config) ? { ...entry, config: walk(entry.config) } : entry
}

function hasInnerBuilds (value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return (isRecord(value) && typeof value.class_name === 'string' && value.build_config !== undefined) || Object.values(value).some(hasInnerBuilds)
}

function shapesText (weights: ReadonlyArray<{ readonly shape: SymbolicShape }> | undefined): string {
  return JSON.stringify(weights?.map(({ shape }) => shape))
}
