/** Messages of protobuf walked by random access: field after field, payloads skipped, so that a large file is never held. */
import type { ByteSource } from '../../bytes.ts'
import { malformed } from './fail.ts'
import { fieldAt, MAX_HEAD, type Field, type WireType } from './field.ts'

export type { Field } from './field.ts'

/** Bytes that are read at once: some eighty nodes, or the head of one tensor. */
const WINDOW = 16_384

/** The length of a message, a string or packed numbers, which changes with its content. */
export interface LengthPrefix {
  readonly at: number
  readonly size: number
  readonly length: number
  readonly parent?: LengthPrefix
}

/** A message, or another run of bytes: where it lies, and its length if it has one (the file itself has none). */
export interface Range { readonly start: number, readonly end: number, readonly prefix?: LengthPrefix }

export class Wire {
  readonly source: ByteSource
  #bytes = new Uint8Array()
  #start = 0

  constructor (source: ByteSource) {
    this.source = source
  }

  /**
   * Calls `visit` for each field of the message, in order; one that returns false ends the walk. `what` names the message in errors. Throws
   * `invalid-model` for fields that reach past the message, groups and unknown wire types.
   */
  async walk ({ start, end }: Range, what: string, visit: (field: Field) => boolean | void): Promise<void> {
    for (let at = start; at < end;) {
      const head = Math.min(end - at, MAX_HEAD)
      if (!this.#holds(at, head)) await this.#load(at, head)
      const field = fieldAt({ bytes: this.#bytes, start: this.#start }, at, end, what)
      if (visit(field) === false) return
      at = field.end
    }
  }

  /** Bytes of the source, which may be a view of what was read before. */
  async bytes ({ start, end }: Range): Promise<Uint8Array> {
    if (end - start > WINDOW) return await this.source.read(start, end - start)
    if (!this.#holds(start, end - start)) await this.#load(start, end - start)
    return this.#bytes.subarray(start - this.#start, end - this.#start)
  }

  #holds (at: number, length: number): boolean {
    return at >= this.#start && at + length <= this.#start + this.#bytes.length
  }

  async #load (at: number, length: number): Promise<void> {
    this.#bytes = await this.source.read(at, Math.max(length, Math.min(WINDOW, this.source.size - at))) as Uint8Array<ArrayBuffer>
    this.#start = at
  }
}

/** The content of a field of bytes within the message with the length `parent`. */
export function rangeOf ({ start, end, lengthAt }: Field, parent: LengthPrefix | undefined): Range {
  if (lengthAt === undefined) return { start, end }
  return { start, end, prefix: { at: lengthAt, size: start - lengthAt, length: end - start, ...(parent !== undefined && { parent }) } }
}

const WIRE_NAMES = { 0: 'a varint', 1: 'eight bytes', 2: 'bytes with their length', 5: 'four bytes' } as const satisfies Record<WireType, string>

/** Throws unless the field is of one of the wire types; `name` is the field's in its .proto file. */
export function assertWire ({ wire, at }: Field, name: string, ...wires: readonly WireType[]): void {
  if (!wires.includes(wire)) throw malformed(`${name} at byte ${at} is ${WIRE_NAMES[wire]} (wire type ${wire}), it must be ${wires.map((one) => WIRE_NAMES[one]).join(' or ')}`, { at, wire })
}
