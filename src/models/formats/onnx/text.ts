/** Names and other texts in ONNX files. */
import { assertAtMost, malformed } from './fail.ts'
import { ONNX_LIMITS } from './limits.ts'
import type { Range, Wire } from '../protobuf/wire.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** The text of a field. Throws `invalid-model` unless it is UTF-8, and `limit-exceeded` when it is longer than any name. */
export async function textAt (wire: Wire, range: Range, what: string): Promise<string> {
  assertAtMost(range.end - range.start, ONNX_LIMITS.nameBytes, `bytes in ${what}`)
  const bytes = await wire.bytes(range)
  try {
    return UTF8.decode(bytes)
  } catch (cause) {
    throw malformed(`${what} at byte ${range.start} is not UTF-8 (${cause instanceof Error ? cause.message : String(cause)})`, { at: range.start })
  }
}

/** The text of a field that may be absent. */
export async function textIf (wire: Wire, range: Range | undefined, what: string): Promise<string> {
  return range === undefined ? '' : await textAt(wire, range, what)
}
