/** Puts a gzip and a brotli form beside every built script and style, so that the API compresses nothing while it answers. */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const TEXT = /\.(js|css|svg)$/
/** A compressed form of less is not worth a file. */
const LEAST_BYTES = 1024

export function compressed (): Plugin {
  return {
    name: 'espalier:compressed',
    apply: 'build',
    async writeBundle ({ dir = '' }, bundle) {
      for (const fileName of Object.keys(bundle)) {
        if (!TEXT.test(fileName)) continue
        const file = path.join(dir, fileName)
        const source = await readFile(file)
        if (source.length < LEAST_BYTES) continue
        await writeFile(`${file}.gz`, gzipSync(source, { level: 9 }))
        await writeFile(`${file}.br`, brotliCompressSync(source, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: source.length } }))
      }
    },
  }
}
