/** Small HDF5 files of one dataset, byte by byte, of which any number may be wrong. Source: HDF5 File Format Specification, version 3.0. */
import { joined, little, utf8 } from '../../fuzz/containers/container.ts'

export interface Hdf5Lies {
  readonly name?: string
  readonly shape?: readonly number[]
  readonly elementSize?: number
  /** Address of contiguous data; `none`: nothing was stored. */
  readonly data?: number | 'none'
  /** Shape of the chunks, of which the first is stored. */
  readonly chunk?: readonly number[]
  /** Its bytes, after the filter. */
  readonly deflated?: Uint8Array
  readonly filter?: number
  /** A message of the dataset that is left out. */
  readonly without?: number
  /** The size that a message of this type claims. */
  readonly message?: readonly [type: number, size: number]
  /** The size that the dataset's header claims. */
  readonly headerSize?: number
  readonly continuation?: number | 'itself'
}

const MESSAGES = { dataspace: 1, linkInfo: 2, datatype: 3, link: 6, layout: 8, filters: 11, continuation: 16 }
const UNDEFINED = new Uint8Array(8).fill(255)
const SUPERBLOCK = 96

/** A file whose root has the dataset `x`: float32, [4] unless told otherwise. */
export function fileOf (lies: Hdf5Lies): Uint8Array {
  return groupOf(1, lies)
}

/** The same dataset under `names` names. */
export function groupOf (names: number, lies: Hdf5Lies): Uint8Array {
  const links = Array.from({ length: names }, (_, index) => utf8(index === 0 ? lies.name ?? 'x' : `x${index}`))
  const rootSize = 16 + 8 + 24 + links.reduce((sum, name) => sum + 8 + padded(11 + name.length), 0)
  const object = SUPERBLOCK + rootSize
  const root = header([[MESSAGES.linkInfo, joined([0, 0], UNDEFINED, UNDEFINED)], ...links.map((name): Message => [MESSAGES.link, joined([1, 0, name.length], name, little(object, 8))])])
  const dataset = datasetOf(lies, object)
  const end = SUPERBLOCK + root.length + dataset.length
  return joined(superblock(end), root, dataset)
}

type Message = readonly [type: number, body: Uint8Array]

const padded = (size: number): number => Math.ceil(size / 8) * 8

function superblock (end: number): Uint8Array {
  return joined([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0, 0, 8, 8, 0, 4, 0, 16, 0, 0, 0, 0, 0], little(0, 8), UNDEFINED, little(end, 8), UNDEFINED,
    little(0, 8), little(SUPERBLOCK, 8), little(0, 8), new Uint8Array(16))
}

function header (messages: readonly Message[], { message, headerSize }: Hdf5Lies = {}): Uint8Array {
  const body = joined(...messages.map(([type, content]) => {
    const size = padded(content.length)
    return joined(little(type, 2), little(message?.[0] === type ? message[1] : size, 2), little(0, 4), content, new Uint8Array(size - content.length))
  }))
  return joined([1, 0], little(messages.length, 2), little(1, 4), little(headerSize ?? body.length, 4), little(0, 4), body)
}

/** Header, and behind it data or the index of one chunk and the chunk. */
function datasetOf (lies: Hdf5Lies, at: number): Uint8Array {
  const { shape = [4], elementSize = 4, chunk, deflated = new Uint8Array(16), filter = 1, without, continuation } = lies
  const make = (content: number): Uint8Array => {
    const messages: Message[] = [
      [MESSAGES.dataspace, joined([1, shape.length, 0, 0, 0, 0, 0, 0], ...shape.map((size) => little(size, 8)))],
      [MESSAGES.datatype, joined([0x11, 0x20, 0x1f, 0], little(elementSize, 4), [0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0])],
      [MESSAGES.layout, chunk === undefined ? contiguous(lies, content) : joined([3, 2, chunk.length + 1], little(content, 8), ...chunk.map((size) => little(size, 4)), little(elementSize, 4))],
    ]
    if (chunk !== undefined) messages.push([MESSAGES.filters, joined([1, 1, 0, 0, 0, 0, 0, 0], little(filter, 2), little(0, 2), little(1, 2), little(1, 2), little(6, 4), little(0, 4))])
    const kept = messages.filter(([type]) => type !== without)
    if (continuation === undefined) return header(kept, lies)
    const itself = at + header(kept).length
    return header([...kept, [MESSAGES.continuation, joined(little(continuation === 'itself' ? itself : continuation, 8), little(24, 8))]], lies)
  }
  const content = at + make(0).length
  const whole = make(content)
  if (chunk === undefined) return joined(whole, new Uint8Array(16))
  const keys = (size: number): Uint8Array => joined(little(size, 4), little(0, 4), ...chunk.map(() => little(0, 8)), little(0, 8))
  const tree = (child: number): Uint8Array => joined(utf8('TREE'), [1, 0, 1, 0], UNDEFINED, UNDEFINED, keys(deflated.length), little(child, 8), keys(0))
  return joined(whole, tree(content + tree(0).length), deflated)
}

function contiguous ({ shape = [4], data }: Hdf5Lies, content: number): Uint8Array {
  const size = 4 * shape.reduce((product, one) => product * one, 1)
  return joined([3, 1], data === 'none' ? UNDEFINED : little(data ?? content, 8), little(data === 'none' || data !== undefined ? Math.min(size, 2 ** 52) : 16, 8))
}
