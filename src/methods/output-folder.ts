/** Where a job's output files go, as the methods see it: no paths, no file system. */
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
}
