/** One safetensors file of weights that came in another format, or in several files. */
import { EspalierError } from '../../../errors.ts'
import type { LayerWeight, ModelFile, TensorChanges } from '../../model.ts'
import type { NumberType, Shape } from '../../tensor.ts'
import { dataOf, piecesOf, withRaw, type FileTensor } from '../file-tensor.ts'
import type { WriteOptions } from '../format.ts'
import type { Hdf5Datatype } from '../hdf5/index.ts'
import { DTYPES, type Dtype, type DtypeName } from './dtypes.ts'
import type { SafeTensor } from './file.ts'
import { isTensorName } from './header.ts'
import { placeOf, tensorName } from './layers.ts'

interface Output { readonly name: string, readonly dtype: DtypeName, readonly shape: Shape, readonly tensor: FileTensor, readonly bytes: number }

const BY_TYPE = new Map((Object.keys(DTYPES) as DtypeName[]).flatMap((name) => {
  const { type }: Dtype = DTYPES[name]
  return type === undefined ? [] : [[type, name] as const]
}))

/** Headers are padded with blanks so that the data begin at a multiple of this, as the reference does it. */
const ALIGNMENT = 8

/**
 * The bytes of the file, front to back. Weights of layers are called `<layer>.<role>`, with dots between the parts of a layer's path. Throws
 * `unsupported-format`, before it gives any byte, for names that would not read back as the same layer and for optimizer state that is to be kept.
 */
export async function * convertedContent (model: ModelFile, changes: TensorChanges, { optimizerState }: WriteOptions): AsyncGenerator<Uint8Array> {
  if (optimizerState === 'keep' && model.hasOptimizerState) {
    throw new EspalierError('unsupported-format', 'safetensors files have no place for the state of an optimizer; set "optimizerState": "drop"')
  }
  const outputs = model.layers.flatMap(({ path, weights }) => weights.map((weight) => outputOf(model, path, weight)))
  // Widest elements first, so that every tensor begins at a multiple of its element's size.
  outputs.sort((a, b) => DTYPES[b.dtype].bits - DTYPES[a.dtype].bits)
  yield headerOf(outputs, { format: model.producer.framework ?? 'tf' })
  for (const { tensor } of outputs) yield * piecesOf(dataOf(tensor, changes))()
}

function outputOf (model: ModelFile, path: string, { role, tensor }: LayerWeight): Output {
  if (model.format === 'safetensors-shards') {
    const stored = tensor as SafeTensor
    return { name: stored.key, dtype: stored.dtype, shape: stored.storedShape, tensor: stored, bytes: stored.end - stored.begin }
  }
  const name = tensorName(path, role)
  const place = placeOf(name)
  if (place.path !== path || place.role !== role || !isTensorName(name)) {
    throw new EspalierError('unsupported-format', `layer ${path}: its ${role} would be called ${name} in a safetensors file, which does not read back as the same; rename the layer`, { layer: path, weight: role })
  }
  const own = withRaw(tensor)
  if (!isLittleEndian(own.datatype)) throw new EspalierError('unsupported-format', `layer ${path}: its ${role} is stored with the highest byte first, which safetensors files do not know`, { layer: path, weight: role })
  return { name, dtype: dtypeOf(own.type), shape: own.shape, tensor: own, bytes: own.shape.reduce((product, size) => product * size, own.datatype.size) }
}

function dtypeOf (type: NumberType): DtypeName {
  const dtype = BY_TYPE.get(type)
  if (dtype === undefined) throw new EspalierError('internal', `no safetensors dtype for ${type}`)
  return dtype
}

function isLittleEndian (datatype: Hdf5Datatype): boolean {
  const type = datatype.kind === 'enum' ? datatype.base : datatype
  return (type.kind === 'float' || type.kind === 'integer') && (type.littleEndian || type.size === 1)
}

function headerOf (outputs: readonly Output[], metadata: Readonly<Record<string, string>>): Uint8Array {
  let at = 0
  const entries = outputs.map(({ name, dtype, shape, bytes }) => {
    const entry = [name, { dtype, shape, data_offsets: [at, at + bytes] }] as const
    at += bytes
    return entry
  })
  // fromEntries defines its members, so that a layer named __proto__ is one as well.
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries([['__metadata__', metadata], ...entries])))
  const header = new Uint8Array(8 + Math.ceil(json.length / ALIGNMENT) * ALIGNMENT).fill(0x20)
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true)
  header.set(json, 8)
  return header
}
