/** Progress of files that are brought or stored, in bytes. */
import type { Progress } from '../resources.ts'

export interface BytesMoved {
  /** The stage begins: so many bytes are to be moved. */
  begin (stage: string, total: number): void
  add (bytes: number): void
  /** The same bytes, counted on their way. */
  count (content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
}

export function bytesMoved (report: (progress: Progress) => void, now: () => number = () => performance.now()): BytesMoved {
  let [name, done, all, begun] = ['', 0, 0, 0]

  function tell (): void {
    const etaSeconds = done === 0 ? null : Math.round((now() - begun) / done * (all - done) / 100) / 10
    report({ stage: name, done, total: all, etaSeconds })
  }

  function add (bytes: number): void {
    done = Math.min(all, done + bytes)
    tell()
  }

  return {
    begin (stage, total) {
      ;[name, done, all, begun] = [stage, 0, total, now()]
      tell()
    },
    add,
    async * count (content) {
      for await (const piece of content) {
        yield piece
        add(piece.length)
      }
    },
  }
}
