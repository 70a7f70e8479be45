/** The kinds of files that are taken apart, in the order in which they are tried: one line each. */
import { gzip } from './compressed.ts'
import type { Opened } from './container.ts'
import { json } from './json.ts'
import { npy } from './npy.ts'
import { parquet, thrift } from './parquet.ts'
import { png } from './png.ts'
import { protobuf } from './protobuf.ts'
import { safetensors } from './safetensors.ts'
import { table } from './table.ts'
import { zip } from './zip.ts'

const CONTAINERS = { zip, gzip, png, npy, parquet, table, safetensors, json, protobuf, thrift }

/** The parts of the first kind that the bytes are of. */
export function openContainer (bytes: Uint8Array): Opened | undefined {
  for (const open of Object.values(CONTAINERS)) {
    const opened = open(bytes)
    if (opened !== undefined) return opened
  }
  return undefined
}
