/** What a model format is: recognised by its bytes, read into a ModelFile, and written from one. */
import type { ByteSource } from '../bytes.ts'
import type { ModelFile, TensorChanges } from '../model.ts'
import type { RoundedType } from './tfjs-rounded.ts'

/** Where a file is written, at any offset; no byte is written twice. */
export interface ModelSink { write (offset: number, bytes: Uint8Array): Promise<void> }

export interface WriteOptions {
  /** Store changed tensors as shuffled and gzipped HDF5 chunks, so that zeros take no room. TF.js and ONNX files know no compression. */
  readonly compress: boolean
  /** In place of float32, where the format has such weights: TF.js layers models. */
  readonly weights?: RoundedType
  /** What becomes of the state of a saved optimizer (moments and the like). */
  readonly optimizerState: 'keep' | 'drop'
}

/** The files of a model as a library opens them that reads files by itself. */
export interface ModelParts {
  /** The name of the one that is opened; the others lie beside it under their names, which may have folders. */
  readonly main: string
  /** `bytes` before changes. */
  readonly files: ReadonlyArray<{ readonly name: string, readonly bytes: number, content (): AsyncIterable<Uint8Array> }>
}

export interface ModelFormat<Name extends string = string> {
  readonly name: Name
  /** With the dot. */
  readonly extension: string
  readonly description: string
  /** Files of it tell of no layer graph, so that nothing read from them can be run. */
  readonly weightsOnly?: true
  /** Set where its models cannot become those of every other format: which they can, and what they hold instead of Keras' layers. */
  readonly becomes?: { readonly formats: readonly string[], readonly reason: string }
  /** What runs its models, where that is not the layer graph on TensorFlow. */
  readonly runtime?: 'onnxruntime' | 'tensorflow-graph'
  /** With a `runtime`: what messages call a model of it. */
  readonly called?: string
  /** The extension of this model, where it is not that of every file of the format. */
  extensionOf? (model: ModelFile): string
  /** Is this file of the format? Looks at signatures and names only; throws for a damaged zip or gzip, never for a file of another kind. */
  sniff (source: ByteSource): Promise<boolean>
  /** Throws `invalid-model`, `unsupported-format`, `shape-mismatch` or `limit-exceeded`, naming the place. */
  read (source: ByteSource): Promise<ModelFile>
  /** Writes `model` with `changes` and gives the size of the file in bytes. A model of another format is converted. */
  write (model: ModelFile, changes: TensorChanges, options: WriteOptions, sink: ModelSink): Promise<number>
  /** With a `runtime`: what it opens. */
  parts? (model: ModelFile, changes: TensorChanges): Promise<ModelParts>
}
