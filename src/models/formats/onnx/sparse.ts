/** SparseTensorProto: only its name, which is that of its values. */
import { malformed } from './fail.ts'
import { textIf } from './text.ts'
import { assertWire, rangeOf, type Range, type Wire } from '../protobuf/wire.ts'

/** Throws `invalid-model` for a sparse initializer without a name. */
export async function readSparseName (wire: Wire, range: Range, index: number): Promise<string> {
  const what = `sparse_initializer ${index}`
  const inner = async (message: Range | undefined, number: number): Promise<Range | undefined> => {
    let found: Range | undefined
    if (message !== undefined) {
      await wire.walk(message, what, (field) => {
        if (field.number !== number) return
        assertWire(field, what, 2)
        found = rangeOf(field, message.prefix)
      })
    }
    return found
  }
  const name = await textIf(wire, await inner(await inner(range, 1), 8), `name of ${what}`)
  if (name === '') throw malformed(`${what} has no name`, { index })
  return name
}
