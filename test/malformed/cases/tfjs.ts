/** TF.js models that lie: manifests of weights that are not there, twice, or somewhere else. */
import { utf8, joined } from '../../fuzz/containers/container.ts'
import { fileIn, filesOf, withFile, zipOf } from '../../fuzz/containers/zip.ts'
import { TARGETS } from '../../fuzz/targets.ts'
import { cuts, placeOf, refused, type Case } from '../case.ts'
import { jsonCases } from './json.ts'

interface Manifest { modelTopology: Record<string, unknown>, weightsManifest: Array<{ paths: string[], weights: Array<Record<string, unknown>> }> }

export async function tfjsCases (parser: 'tfjs-layers' | 'tfjs-graph'): Promise<Case[]> {
  const [good] = await TARGETS[parser].seeds() as [Uint8Array]
  const text = fileIn(good, 'model.json')
  const shard = filesOf(good).map(({ name }) => String(name)).find((name) => name.endsWith('.bin'))!
  const data = fileIn(good, shard)
  /** A graph is read for its constants: numbers and weights that no node takes play no part. */
  const graph = parser === 'tfjs-graph'
  const manifest = (JSON.parse(new TextDecoder().decode(text)) as Manifest).weightsManifest[0]!.weights
  /** The first weight that is a kernel; a graph has numbers of other kinds before it. */
  const kernel = manifest.findIndex(({ dtype, shape, quantization }) => dtype === 'float32' && quantization === undefined && (shape as number[]).length > 1)
  const at = manifest.slice(0, kernel).reduce((sum, { dtype, shape }) => sum + (dtype === 'bool' ? 1 : 4) * (shape as number[]).reduce((a, b) => a * b, 1), 0)
  const edited = (edit: (model: Manifest) => void, others: Record<string, Uint8Array> = {}): Uint8Array => {
    const model = JSON.parse(new TextDecoder().decode(text)) as Manifest
    edit(model)
    return Object.entries(others).reduce((file, [name, content]) => withFile(file, name, content), withFile(good, 'model.json', utf8(JSON.stringify(model))))
  }
  const group = (edit: (group: Manifest['weightsManifest'][number]) => void): Uint8Array => edited((model) => { edit(model.weightsManifest[0]!) })
  const weight = (changes: object): Uint8Array => group(({ weights }) => { Object.assign(weights[kernel]!, changes) })
  const bad = (name: string, file: Uint8Array): Case => refused(name, file, 'invalid-model')
  const poisoned = (value: number): Uint8Array => withFile(good, shard, joined(data.subarray(0, at), new Uint8Array(Float32Array.of(value).buffer), data.subarray(at + 4)))
  return [
    refused('the sound file', good, 'read'),
    ...cuts(good, { 'within the first entry': 60, 'before the directory': placeOf(good, 'PK\x01\x02'), 'before the end record': placeOf(good, 'PK\x05\x06') }, 'invalid-model'),
    ...jsonCases('model.json', text, (json) => withFile(good, 'model.json', json), 'invalid-model', 'unsupported-format').map((one) => graph && one.name.endsWith('NaN as a word') ? { ...one, outcomes: [...one.outcomes, 'read' as const] } : one),
    refused('no model.json', withFile(good, 'model.json', null), 'unsupported-format'),
    bad('no shard', withFile(good, shard, null)),
    bad('a shard that is empty', withFile(good, shard, new Uint8Array())),
    bad('a shard one byte short', withFile(good, shard, data.slice(0, -1))),
    bad('a shard one byte long', withFile(good, shard, joined(data, [0]))),
    bad('no manifest', edited((model) => { delete (model as Partial<Manifest>).weightsManifest })),
    bad('a manifest that is an object', edited((model) => { (model as { weightsManifest: unknown }).weightsManifest = {} })),
    bad('a path that leads out', group((one) => { one.paths = ['../../etc/passwd'] })),
    bad('a path to model.json itself', group((one) => { one.paths = ['model.json'] })),
    bad('a shard that is named twice', group((one) => { one.paths = [...one.paths, one.paths[0]!]; one.weights.push({ name: 'more', shape: [data.length / 4], dtype: 'float32' }) })),
    bad('two groups of one shard', edited((model) => { model.weightsManifest.push({ paths: [...model.weightsManifest[0]!.paths], weights: [{ name: 'more', shape: [data.length / 4], dtype: 'float32' }] }) })),
    bad('a weight twice', group(({ weights }) => { weights[1] = weights[0]! })),
    bad('a weight without a name', weight({ name: '' })),
    refused('a weight named as the prototype', weight({ name: '__proto__' }), graph ? 'read' : 'invalid-model'),
    bad('a size below 0', weight({ shape: [-1] })),
    bad('a size of 2^53', weight({ shape: [2 ** 53] })),
    bad('sizes that multiply to 2^64', weight({ shape: [2 ** 32, 2 ** 32] })),
    bad('a fraction of a size', weight({ shape: [0.5] })),
    bad('20 axes', weight({ shape: Array.from({ length: 20 }, () => 1) })),
    refused('a dtype of every object', weight({ dtype: 'constructor' }), 'unsupported-format'),
    refused('an unknown quantization', weight({ quantization: { dtype: 'int3' } }), 'unsupported-format'),
    bad('a quantization without numbers', weight({ quantization: { dtype: 'uint8', scale: 'x', min: null } })),
    bad('a weight that is NaN', poisoned(NaN)),
    bad('a weight that is infinite', poisoned(Infinity)),
    bad('a shard twice', zipOf([...filesOf(good), { name: shard, content: data }])),
  ]
}
