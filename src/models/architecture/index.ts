/** Reads a Keras model configuration into an architecture: its layers, and the graph that connects them. */
import { EspalierError } from '../../errors.ts'
import { initializersOf } from '../initializers/settings.ts'
import { isRecord } from '../json.ts'
import { activityRuleOf, weightRulesOf } from '../layers/weight-rules.ts'
import { buildGraph } from './graph.ts'
import { isModel, readModelEntry, type ModelEntry } from './model-entry.ts'
import { registerLayers, type Draft } from './register.ts'
import type { Architecture, ArchitectureLayer } from './types.ts'

/** Layers named in the problem of an architecture. */
const MAX_LISTED = 6

export interface ReadOptions {
  /** As the file says ("3.15.1", "2.21.0", "tfjs-layers v4.22.0"); without it the configuration's own style tells Keras 2 from 3. */
  readonly kerasVersion?: string
}

/**
 * `config` is {class_name, config}, of Keras 2, Keras 3 or TF.js. Models that cannot be run here come back without a graph and with a problem.
 * Throws `invalid-model` naming layer, key and value for what is malformed, and `limit-exceeded` past the limits.
 */
export function readArchitecture (config: Readonly<Record<string, unknown>>, options: ReadOptions = {}): Architecture {
  const className = typeof config.class_name === 'string' ? config.class_name : undefined
  if (className === undefined || !(isRecord(config.config) || Array.isArray(config.config))) {
    throw new EspalierError('invalid-model', 'the model configuration must be an object with "class_name" and "config"')
  }
  if (!isModel(config)) {
    const name = isRecord(config.config) && typeof config.config.name === 'string' ? config.config.name : className
    return { name, layers: [], problem: `models of class ${className} do not list their layers and are not run here` }
  }
  const model = readModelEntry(config)
  const registry = registerLayers(model, kerasOf(model, options.kerasVersion))
  const { graph, problems } = buildGraph(model, registry)
  const problem = problemOf(model, registry.drafts, problems, graph !== undefined)
  const layers = registry.drafts.map(finishedLayer)
  return { name: model.name, layers, ...(problem === undefined && graph !== undefined && { graph }), ...(problem !== undefined && { problem }) }
}

/**
 * Where a `.keras` file keeps the layer's weights: `layers/conv2d_1`, `layers/functional/layers/dense`; empty for what is stored nowhere
 * (operations, inputs that are not in the file). A shared layer is stored at its first place. Source: keras saving_lib._save_container_state.
 */
export function kerasStorePath (_: Architecture, layer: ArchitectureLayer): string {
  return layer.storePath ?? ''
}

function finishedLayer ({ entry, path, type, config, weights, trainable, problem, containers, indexInContainer, storePath }: Draft): ArchitectureLayer {
  const roles = (weights ?? []).map(({ role }) => role)
  const rules = weightRulesOf(entry.className, entry.config, roles)
  const initializers = initializersOf(entry.className, entry.config, roles)
  const activity = activityRuleOf(entry.className, entry.config)
  return {
    path,
    className: entry.className,
    trainable,
    containers,
    indexInContainer,
    storePath,
    ...(type !== undefined && { type }),
    ...(config !== undefined && { config }),
    ...(weights !== undefined && { weights }),
    ...(Object.keys(rules).length > 0 && { rules }),
    ...(Object.keys(initializers).length > 0 && { initializers }),
    ...(activity !== undefined && { activity }),
    ...(problem !== undefined && { problem }),
  }
}

function problemOf (model: ModelEntry, drafts: readonly Draft[], calls: readonly string[], hasGraph: boolean): string | undefined {
  const byProblem = new Map<string, string[]>()
  for (const { problem, path } of drafts) if (problem !== undefined) byProblem.set(problem, [...byProblem.get(problem) ?? [], path])
  const custom = customModels(model)
  const problems = [
    ...(custom.length > 0 ? [`models of class ${listed(custom)} may compute something else than their layers and are not run here`] : []),
    ...[...byProblem].map(([problem, paths]) => `${problem} (${listed(paths)})`),
    ...calls,
  ]
  if (problems.length > 0) return listed(problems, '; ')
  return hasGraph ? undefined : `the model "${model.name}" has no input shape: it was saved before it was built`
}

/** Classes of models that are not Keras' own. */
function customModels (model: ModelEntry): string[] {
  const own = model.customName ?? (['Sequential', 'Functional', 'Model'].includes(model.className) ? undefined : model.className)
  const inner = model.entries.flatMap((entry) => entry.model === undefined ? [] : customModels(entry.model))
  return [...new Set([...(own === undefined ? [] : [own]), ...inner])]
}

function listed (items: readonly string[], separator = ', '): string {
  return items.slice(0, MAX_LISTED).join(separator) + (items.length > MAX_LISTED ? `${separator}and ${items.length - MAX_LISTED} more` : '')
}

/** Keras 3 writes `batch_shape` and calls with `args`, Keras 2 and TF.js `batch_input_shape` and lists. */
function kerasOf (model: ModelEntry, version: string | undefined): 2 | 3 {
  const major = version === undefined ? undefined : /^(\d+)\./.exec(version)?.[1]
  if (major !== undefined) return Number(major) >= 3 ? 3 : 2
  if (version !== undefined && version.includes('tfjs')) return 2
  return isKeras3(model) ? 3 : 2
}

function isKeras3 (model: ModelEntry): boolean {
  return model.entries.some(({ config, calls, model: inner }) =>
    config.batch_shape !== undefined || isRecord(config.dtype) || calls.some(({ flavour }) => flavour === 3) || (inner !== undefined && isKeras3(inner)))
}
