/** Puts a gzip and a brotli form beside every built script and style, so that the API compresses nothing while it answers. */
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const TEXT = /\.(js|css|svg)$/
/** A compressed form of less is not worth a file. */
const LEAST_BYTES = 1024

export function compressed (): Plugin {
  return {
    name: 'espalier:compressed',
    apply: 'build',
    enforce: 'post',
    generateBundle (_options, bundle) {
      for (const [fileName, file] of Object.entries(bundle)) {
        const source = Buffer.from(file.type === 'chunk' ? file.code : file.source)
        if (!TEXT.test(fileName) || source.length < LEAST_BYTES) continue
        this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source: gzipSync(source, { level: 9 }) })
        this.emitFile({ type: 'asset', fileName: `${fileName}.br`, source: brotliCompressSync(source, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: source.length } }) })
      }
    },
  }
}
