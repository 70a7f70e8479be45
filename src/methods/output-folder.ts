/** Where a job's files go, as the methods see it: no file system, and no paths but for libraries that open files by themselves. */
import type { ByteSource } from '../models/bytes.ts'
import type { ModelSink } from '../models/formats/format.ts'

export interface OpenFile extends ByteSource { close (): Promise<void> }

/** A file being written, at any offset. It becomes visible with `finish`. */
export interface OutputFile extends ModelSink {
  finish (): Promise<{ readonly bytes: number, readonly sha256: string }>
  discard (): Promise<void>
}

export interface OutputFolder {
  create (name: string): Promise<OutputFile>
  /** Opens a finished file. */
  open (name: string): Promise<OpenFile>
  /**
   * Lays files out in a folder of their own, which exists while `use` runs and whose path it is given: for libraries that open files by themselves. Names may
   * have folders. Throws `invalid-model` when they cannot lie side by side.
   */
  withFiles<T> (files: ReadonlyArray<{ readonly name: string, content (): AsyncIterable<Uint8Array> }>, use: (path: string) => Promise<T>): Promise<T>
}
