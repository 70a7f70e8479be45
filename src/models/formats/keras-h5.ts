/** Keras' `.h5` files, of Keras 2 and 3: the configuration in attributes, the weights in groups by layer. */
import { EspalierError } from '../../errors.ts'
import { readArchitecture } from '../architecture/index.ts'
import type { ModelFile, TensorChanges } from '../model.ts'
import { slotsInLegacyOrder } from './binding.ts'
import { toLegacyConfig } from './conversion/legacy.ts'
import { h5OptimizerGroup, h5TrainingConfig } from './convert-optimizer.ts'
import { assertConvertible } from './convertible.ts'
import { dataAsFloat32, dataOf, withRaw } from './file-tensor.ts'
import type { ModelFormat, WriteOptions } from './format.ts'
import { resetText, setText, setTexts, textOf } from './h5-attributes.ts'
import { bindH5Weights, byTopLevel } from './h5-weights.ts'
import { datatypeOf, readHdf5, specOf, writeHdf5, type Hdf5DatasetSpec, type Hdf5Group, type Hdf5GroupSpec } from './hdf5/index.ts'
import { assertJsonSize, parseObject, type Json } from './json.ts'
import { memberOf, respelled, spellingOf } from './json-spelling.ts'
import { datasetSpec, emptyGroup, groupAt } from './keras-spec.ts'
import { assertKnown, replacements } from './replacements.ts'

interface Rest { readonly root: Hdf5Group, readonly training?: Json }

const CONFIG = 'model_config'
const MAGIC = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

export const kerasH5: ModelFormat<'keras-h5'> = {
  name: 'keras-h5',
  extension: '.h5',
  description: 'Keras HDF5 (.h5, .hdf5), of Keras 2 and Keras 3',

  async sniff (source) {
    // A user block of 512 bytes or a power of two above may come first.
    for (let at = 0; at + MAGIC.length <= source.size && at <= 65_536; at = at === 0 ? 512 : at * 2) {
      const head = await source.read(at, MAGIC.length)
      if (MAGIC.every((byte, index) => head[index] === byte)) return true
    }
    return false
  },

  async read (source) {
    const root = await readHdf5(source)
    const config = jsonOf(root, CONFIG)
    const weights = root.children.get('model_weights')
    if (config === undefined || weights?.kind !== 'group') {
      const found = config === undefined ? 'it has no attribute "model_config"' : 'it has no group "model_weights"'
      throw new EspalierError('invalid-model', `the .h5 file holds no whole Keras model: ${found}; save it with model.save, not save_weights`)
    }
    const training = jsonOf(root, 'training_config')
    const [version, backend] = [textOf(root, 'keras_version') ?? textOf(weights, 'keras_version'), textOf(root, 'backend') ?? textOf(weights, 'backend')]
    const architecture = readArchitecture(config, version === undefined ? {} : { kerasVersion: version })
    return {
      format: 'keras-h5',
      source,
      architecture,
      layers: bindH5Weights(weights, architecture),
      config,
      spelling: async () => spellingOf(textOf(root, CONFIG)!),
      producer: { ...(version !== undefined && { kerasVersion: version }), ...(backend !== undefined && { backend }) },
      hasOptimizerState: root.children.has('optimizer_weights'),
      rest: { root, ...(training !== undefined && { training }) } satisfies Rest,
    }
  },

  async write (model, changes, options, sink) {
    return await writeHdf5(model.format === 'keras-h5' ? await sameTree(model, changes, options) : await convertedTree(model, changes, options), sink)
  },
}

function jsonOf (root: Hdf5Group, name: string): Json | undefined {
  const text = textOf(root, name)
  if (text === undefined) return undefined
  assertJsonSize(text.length, `the attribute "${name}"`)
  return parseObject(text, `the attribute "${name}"`)
}

async function sameTree (model: ModelFile, changes: TensorChanges, options: WriteOptions): Promise<Hdf5GroupSpec> {
  const { compress, optimizerState } = options
  const { root } = model.rest as Rest
  const tree = specOf(root, replacements(model, changes, compress))
  if (optimizerState === 'drop') tree.children.delete('optimizer_weights')
  if (model.remade === true) resetText(tree.attributes, CONFIG, respelled(await model.spelling?.(), model.config))
  if (model.reformed === true) tree.children.set('model_weights', newGroups(root.children.get('model_weights') as Hdf5Group, model, changes, options))
  return tree
}

/** Groups of a model with other layers than its file, with what the file notes beside their names. */
function newGroups (before: Hdf5Group, model: ModelFile, changes: TensorChanges, options: WriteOptions): Hdf5GroupSpec {
  assertKnown(model, changes)
  const group = weightGroups(model, changes, options)
  for (const name of ['keras_version', 'backend']) {
    const noted = textOf(before, name)
    if (noted !== undefined) setText(group.attributes, name, noted)
  }
  return group
}

async function convertedTree (model: ModelFile, changes: TensorChanges, options: WriteOptions): Promise<Hdf5GroupSpec> {
  assertConvertible(model, 'keras-h5', options)
  const root = emptyGroup()
  const version = model.producer.kerasVersion?.startsWith('3.') === true ? model.producer.kerasVersion : '3.0.0'
  setText(root.attributes, 'keras_version', version)
  setText(root.attributes, 'backend', 'tensorflow')
  const spelling = await model.spelling?.()
  setText(root.attributes, CONFIG, respelled(spelling, toLegacyConfig(model.config)))
  const training = h5TrainingConfig(model)
  if (training !== undefined) setText(root.attributes, 'training_config', respelled({ ...memberOf(spelling, 'compile_config'), spaced: spelling?.spaced === true }, training))
  const weights = weightGroups(model, changes, options)
  setText(weights.attributes, 'keras_version', version)
  setText(weights.attributes, 'backend', 'tensorflow')
  root.children.set('model_weights', weights)
  const optimizer = options.optimizerState === 'keep' ? h5OptimizerGroup(model) : undefined
  if (optimizer !== undefined) root.children.set('optimizer_weights', optimizer)
  return root
}

/** One group per top-level layer, with its weights in the order in which Keras reads them. */
function weightGroups (model: ModelFile, changes: TensorChanges, { compress }: WriteOptions): Hdf5GroupSpec {
  const group = emptyGroup()
  const tensors = new Map(model.layers.flatMap(({ weights }) => weights.map(({ spec, tensor }) => [spec, withRaw(tensor)])))
  const tops = byTopLevel(model.architecture)
  // A Sequential does not count its InputLayer as a layer.
  const isInput = (name: string) => tops.get(name)!.some(({ path, className }) => path === name && className === 'InputLayer')
  const names = [...tops.keys()].filter((name) => model.config.class_name !== 'Sequential' || !isInput(name))
  setTexts(group.attributes, 'layer_names', names)
  for (const name of [...names, 'top_level_model_weights']) {
    const inner = groupAt(group, name)
    const slots = slotsInLegacyOrder(tops.get(name) ?? [])
    const paths = slots.map(({ layer, spec }) => `${layer.path}/${spec.role}`)
    setTexts(inner.attributes, 'weight_names', paths)
    slots.forEach(({ layer, spec }) => {
      const tensor = tensors.get(spec)!
      const stored = { compress: tensor.compressed || (compress && (tensor.held === true || changes.has(tensor.key))) }
      // Keras cannot read bfloat16 back from an .h5 file; float32 holds the same numbers.
      const dataset: Hdf5DatasetSpec = tensor.type === 'bfloat16'
        ? { kind: 'dataset', shape: tensor.shape, datatype: datatypeOf('float32'), attributes: new Map(), data: dataAsFloat32(tensor, changes), ...stored }
        : datasetSpec(tensor, () => ({ data: dataOf(tensor, changes), ...stored }))
      const parts = spec.role.split('/')
      groupAt(inner, [layer.path, ...parts.slice(0, -1)].join('/')).children.set(parts.at(-1)!, dataset)
    })
  }
  return group
}
