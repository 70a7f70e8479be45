/** A TensorProto as a tensor that is read lazily from where its numbers lie. */
import { NUMBER_TYPES, sizeOf } from '../../tensor.ts'
import { fileTensor, type FileTensor } from '../file-tensor.ts'
import { datatypeOf } from '../hdf5/index.ts'
import { DATA_FIELDS, ONNX_TYPES, type OnnxType } from './data-types.ts'
import { readExternal, type DataFiles, type ExternalRange } from './external.ts'
import { malformed, unsupported } from './fail.ts'
import { fixedPlace } from './fixed-place.ts'
import { PIECE, type Place } from './place.ts'
import { readTensorFields, type Run, type TensorFields } from './tensor-fields.ts'
import { textIf } from './text.ts'
import { varintOf } from '../protobuf/varint.ts'
import { varintPlace } from './varint-place.ts'
import type { Range, Wire } from '../protobuf/wire.ts'

export interface OnnxTensor {
  readonly name: string
  /** Absent where the values are no numbers that are read here; `problem` then says which they are. */
  readonly tensor?: FileTensor
  readonly problem?: string
  /** The tensor's numbers, one place behind the other. */
  readonly places: readonly Place[]
  /** Where the numbers lie when they are not in the model's own file. */
  readonly external?: ExternalRange
}

/** Checks that as many numbers are there as the dims ask for. Throws `invalid-model` when not, naming the tensor. */
export async function readTensor (wire: Wire, range: Range, index: number, files: DataFiles): Promise<OnnxTensor> {
  const fields = await readTensorFields(wire, range, `initializer ${index}`)
  const name = await textIf(wire, fields.name, `name of initializer ${index}`)
  if (name === '') throw malformed(`initializer ${index} has no name`, { index })
  const what = `the initializer ${name}`
  if (fields.isSegment) throw unsupported(`${what} is stored in segments, which are not read`, { initializer: name })
  const known = Object.hasOwn(ONNX_TYPES, fields.type) ? ONNX_TYPES[fields.type] : undefined
  if (known === undefined) throw malformed(`${what} has the data type ${fields.type}, which ONNX does not have`, { initializer: name })
  const external = fields.isExternal ? await readExternal(wire, fields.external, files, what) : undefined
  if (known.type === undefined) return { name, places: [], problem: `${known.name} values are not read here`, ...(external !== undefined && { external }) }
  const bytes = sizeOf(fields.dims) * NUMBER_TYPES[known.type]
  if (!Number.isSafeInteger(bytes)) throw malformed(`${what} has dims [${fields.dims.join(', ')}], more than any file holds`, { initializer: name })
  const places = await placesOf(wire, fields, known, external, what)
  const count = places.reduce((sum, place) => sum + place.count, 0)
  if (count !== sizeOf(fields.dims)) throw malformed(`${what} has dims [${fields.dims.join(', ')}] and ${count} numbers, it must have ${sizeOf(fields.dims)}`, { initializer: name })
  return { name, places, tensor: tensorOf(name, fields, known, places), ...(external !== undefined && { external }) }
}

function tensorOf (key: string, { dims }: TensorFields, { type }: OnnxType, places: readonly Place[]): FileTensor {
  const datatype = datatypeOf(type === 'bool' ? 'uint8' : type!)
  const raw = async function * (bytes = PIECE * datatype.size): AsyncGenerator<Uint8Array> {
    for (const place of places) yield * place.pieces(Math.floor(bytes / datatype.size))
  }
  const [only, ...others] = places
  return fileTensor({ key, shape: dims, type: type!, datatype, compressed: false, raw, ...(others.length === 0 && only?.at && { at: only.at }) })
}

async function placesOf (wire: Wire, { raw, runs }: TensorFields, { type, field, name }: OnnxType, external: ExternalRange | undefined, what: string): Promise<Place[]> {
  const size = NUMBER_TYPES[type!]
  const kinds = [external !== undefined, raw !== undefined, runs.length > 0].filter(Boolean).length
  if (kinds > 1) throw malformed(`${what} has numbers in several fields; one of raw_data, ${DATA_FIELDS[field!].name} and external_data must be there`)
  const wrong = runs.find((run) => run.field !== field)
  if (wrong !== undefined) throw malformed(`${what} is of type ${name} with its numbers in ${DATA_FIELDS[wrong.field].name}, they must be in ${DATA_FIELDS[field!].name} or raw_data`)
  if (external !== undefined) return [fixedPlace({ source: external.source, start: external.start, size, tag: 0, count: counted(external.length, size, what) })]
  if (raw !== undefined) return [fixedPlace({ source: wire.source, start: raw.start, size, tag: 0, count: counted(raw.end - raw.start, size, what) })]
  const places: Place[] = []
  for (const run of runs) places.push(await placeOf(wire, run, type!.startsWith('int'), size, what))
  return places
}

async function placeOf (wire: Wire, { field, start, end, tag, prefix }: Run, signed: boolean, size: number, what: string): Promise<Place> {
  const { source } = wire
  if (DATA_FIELDS[field].size !== 'varint') return fixedPlace({ source, start, size, tag, count: counted(end - start, size + tag, what) })
  const tagBytes = tag === 0 ? [] : varintOf(field * 8)
  return await varintPlace({ source, start, end, tag, tagBytes, size, signed, what, ...(prefix !== undefined && { prefix }) })
}

function counted (bytes: number, size: number, what: string): number {
  if (bytes % size !== 0) throw malformed(`${what} has ${bytes} bytes of numbers, which is no multiple of ${size}`)
  return bytes / size
}
