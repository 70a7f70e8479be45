/** The kinds of files that are taken apart, in the order in which they are tried: one line each. */
import { gzip } from './compressed.ts'
import type { Container, Opened } from './container.ts'
import { json } from './json.ts'
import { npy } from './npy.ts'
import { parquet, thrift } from './parquet.ts'
import { png } from './png.ts'
import { protobuf } from './protobuf.ts'
import { safetensors } from './safetensors.ts'
import { table } from './table.ts'
import { zip } from './zip.ts'

/** Bytes that have no signature may look like these by chance; they are taken for it only when they would be written so again. */
const exactly = (open: Container): Container => (bytes) => {
  const opened = open(bytes)
  return opened !== undefined && Buffer.compare(opened.close(opened.parts), bytes) === 0 ? opened : undefined
}

const CONTAINERS = { zip, gzip, png, npy, parquet, table, safetensors, json: exactly(json), protobuf: exactly(protobuf), thrift: exactly(thrift) }

/** The parts of the first kind that the bytes are of. */
export function openContainer (bytes: Uint8Array): Opened | undefined {
  for (const open of Object.values(CONTAINERS)) {
    const opened = open(bytes)
    if (opened !== undefined) return opened
  }
  return undefined
}
