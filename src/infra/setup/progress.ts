/** What setup shows while it works: bars on a terminal, a line per step elsewhere. */
import { SingleBar } from 'cli-progress'

export interface Progress {
  /** Begins a step; `total` in megabytes when it is known. */
  step (title: string, total?: number): Step
}

export interface Step {
  to (done: number): void
  end (): void
}

/** Writes to `stream`; bars only where it is a terminal. */
export function showProgress (stream: NodeJS.WriteStream = process.stderr): Progress {
  return {
    step (title, total) {
      if (!stream.isTTY || total === undefined) {
        stream.write(`${title}\n`)
        return { to () {}, end () {} }
      }
      const bar = new SingleBar({ format: `${title} {bar} {value}/{total} MB`, stream, hideCursor: true, barsize: 30 })
      bar.start(Math.ceil(total), 0)
      return { to: (done) => { bar.update(Math.min(Math.floor(done), Math.ceil(total))) }, end: () => { bar.update(Math.ceil(total)); bar.stop() } }
    },
  }
}

/** Shows nothing. */
export const silent: Progress = { step: () => ({ to () {}, end () {} }) }
