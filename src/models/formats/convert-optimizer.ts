/** How a model was compiled, and the state of its optimizer, between `.keras` and `.h5`. */
import type { ModelFile } from '../model.ts'
import { tensorOfDataset } from './file-tensor.ts'
import { setTexts, textOf, textsOf } from './h5-attributes.ts'
import { EspalierError } from '../../errors.ts'
import type { Hdf5Dataset, Hdf5DatasetSpec, Hdf5Group, Hdf5GroupSpec } from './hdf5/index.ts'
import { isObject, type Json } from './json.ts'
import { spellingOf, type Spelling } from './json-spelling.ts'
import { datasetSpec, emptyGroup, groupAt } from './keras-spec.ts'

/** `training_config` of an `.h5` file out of the compile_config of a `.keras` file; undefined when there is none or it is of a custom class. */
export function h5TrainingConfig (model: ModelFile): Json | undefined {
  const compiled = model.config.compile_config
  if (model.format !== 'keras' || !isObject(compiled) || !isObject(compiled.optimizer)) return undefined
  const { optimizer, ...rest } = compiled
  if (!isBuiltIn(optimizer as Json)) return undefined
  const { class_name: className, config } = optimizer as Json
  return { ...rest, optimizer_config: { class_name: className, config } }
}

/** The other way round. */
export function kerasCompileConfig (model: ModelFile): Json | undefined {
  const training = model.format === 'keras-h5' ? (model.rest as { readonly training?: Json }).training : undefined
  // Keras 2 wrote optimizers with settings that Keras 3 refuses.
  if (training === undefined || !isObject(training.optimizer_config) || model.producer.kerasVersion?.startsWith('3.') !== true) return undefined
  const { optimizer_config: optimizer, ...rest } = training
  const { class_name: className, config } = optimizer as Json
  return { optimizer: { module: 'keras.optimizers', class_name: className, config, registered_name: null }, ...rest }
}

/** How an `.h5` file spells it. */
export function compileSpelling (model: ModelFile): Spelling | undefined {
  const root = model.format === 'keras-h5' ? (model.rest as { readonly root?: Hdf5Group }).root : undefined
  const text = root === undefined ? undefined : textOf(root, 'training_config')
  return text === undefined ? undefined : spellingOf(text)
}

function isBuiltIn (object: Json): boolean {
  return object.module === 'keras.optimizers' && (object.registered_name === null || object.registered_name === undefined)
}

/** The group `optimizer` of a `.keras` file out of `optimizer_weights`: the same variables in the same order. */
export function kerasOptimizerGroup (model: ModelFile): Hdf5GroupSpec | undefined {
  const root = (model.rest as { readonly root?: Hdf5Group }).root
  const weights = root?.children.get('optimizer_weights')
  if (weights?.kind !== 'group') return undefined
  if (kerasCompileConfig(model) === undefined) throw notConverted(model, 'keras')
  const group = emptyGroup()
  const vars = groupAt(group, 'vars')
  for (const [index, name] of (textsOf(weights, 'weight_names') ?? []).entries()) {
    let node: Hdf5Group | Hdf5Dataset | undefined = weights
    for (const part of name.split('/')) if (part !== '') node = node?.kind === 'group' ? node.children.get(part) : undefined
    if (node?.kind !== 'dataset') {
      throw new EspalierError('invalid-model',
        `${weights.path}: "weight_names" lists ${name}, which is not there`,
        { weight: name })
    }
    vars.children.set(String(index), copyOf(node))
  }
  return group
}

/** The group `optimizer_weights` of an `.h5` file out of `optimizer/vars`. */
export function h5OptimizerGroup (model: ModelFile): Hdf5GroupSpec | undefined {
  const optimizer = (model.rest as { readonly weights?: Hdf5Group }).weights?.children.get('optimizer')
  if (optimizer?.kind !== 'group') return undefined
  const vars = optimizer.children.get('vars')
  // An optimizer within an optimizer (loss scaling) has an order of its own.
  if (h5TrainingConfig(model) === undefined || vars?.kind !== 'group' || optimizer.children.size > 1) throw notConverted(model, 'keras-h5')
  const group = emptyGroup()
  const names = [...vars.children.keys()].sort((a, b) => Number(a) - Number(b)).map((name) => `optimizer/${name}`)
  setTexts(group.attributes, 'weight_names', names)
  const inner = groupAt(group, 'optimizer')
  for (const [name, node] of vars.children) if (node.kind === 'dataset') inner.children.set(name, copyOf(node))
  return group
}

function copyOf (dataset: Hdf5Dataset): Hdf5DatasetSpec {
  return datasetSpec(tensorOfDataset(dataset), (tensor) => ({ data: () => tensor.raw(), compress: tensor.compressed }))
}

function notConverted (model: ModelFile, format: string): EspalierError {
  return new EspalierError('unsupported-format',
    `the state of this optimizer cannot be converted from ${model.format} to ${format}; set "optimizerState": "drop"`)
}
