/** Loads LiteRT, which runs TFLite files, as WebAssembly; once, on first use. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { compileFunction } from 'node:vm'
import { EspalierError } from '../../errors.ts'

/** What lies in WebAssembly memory and is freed by hand. */
export interface Held { delete (): void }
interface Vector<T> extends Held { size (): number, get (index: number): T, push_back (item: T): void }
interface Coded { readonly value: number }
interface Layout extends Held { dimensions (): Vector<number> }
export interface TensorKind extends Held { elementType (): Coded, layout (): Layout, bytes (): number }
export interface TensorBuffer extends Held { lock (mode: Coded): number, unlock (): void, packedSize (): number, tensorType (): TensorKind }
interface Signature extends Held { inputNames (): Vector<string>, outputNames (): Vector<string> }
export interface Model extends Held { getSignature (index: number): Signature, getInputTensorType (signature: number, input: number): TensorKind }
export interface Compiled extends Held { run (signature: number, inputs: readonly TensorBuffer[]): TensorBuffer[] | Promise<TensorBuffer[]> }

/** That of the library which is used here; its own types are of a wrapper that needs a browser. */
export interface Litert {
  readonly HEAPU8: Uint8Array
  readonly VectorInt32: new () => Vector<number>
  readonly LiteRtEnvironment: { create (device: null): Held }
  readonly LiteRtLayout: { create (sizes: Vector<number>): Layout }
  readonly LiteRtRankedTensorType: { create (type: Coded, layout: Layout): TensorKind }
  readonly LiteRtTensorBuffer: { createManaged (environment: Held, where: Coded, kind: TensorKind, bytes: number): TensorBuffer }
  readonly LiteRtTensorBufferType: { readonly HOST_MEMORY: Coded }
  readonly LiteRtTensorBufferLockMode: { readonly READ: Coded, readonly WRITE: Coded }
  _malloc (bytes: number): number
  _free (at: number): void
  setupLogging (): void
  loadModel (environment: Held, at: number, bytes: number): Model
  compileModel (environment: Held, model: Model, options: unknown): Compiled | Promise<Compiled>
}

export interface LoadedLitert { readonly litert: Litert, readonly environment: Held, readonly version: string }

type Factory = (options: { readonly wasmBinary: Uint8Array, print (text: string): void, printErr (text: string): void }) => Promise<Litert>

/** Without relaxed SIMD, whose results differ from machine to machine. One thread. */
const BUILD = '@litertjs/core/wasm/litert_wasm_compat_internal'

let loading: Promise<LoadedLitert> | undefined

/** Throws `engine-unavailable` where the package was not installed. */
export function loadLitert (): Promise<LoadedLitert> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined
    throw error
  })
  return loading
}

/** After a failure its memory may hold anything: the next use loads it anew. */
export function forgetLitert (): void {
  loading = undefined
}

async function load (): Promise<LoadedLitert> {
  const require = createRequire(import.meta.url)
  try {
    const script = require.resolve(`${BUILD}.js`)
    const [source, wasmBinary] = await Promise.all([readFile(script, 'utf8'), readFile(require.resolve(`${BUILD}.wasm`))])
    const module: { exports: unknown } = { exports: {} }
    // It is CommonJS in a package that says it holds ES modules, so that neither form of import takes it.
    compileFunction(source, ['module', 'exports', 'require', '__filename', '__dirname'], { filename: script })(module, module.exports, require, script, path.dirname(script))
    const litert = await (module.exports as Factory)({ wasmBinary, print () {}, printErr () {} })
    litert.setupLogging()
    const { version } = require('@litertjs/core/package.json') as { version: string }
    return { litert, environment: litert.LiteRtEnvironment.create(null), version }
  } catch (cause) {
    const text = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    throw new EspalierError('engine-unavailable', `LiteRT, which runs TFLite files, cannot be loaded (${text}); npm ci installs the package @litertjs/core`, {}, { cause })
  }
}
