/** How a command ends that cannot go on: the reason in plain words, exit code 1. */
import { EspalierError } from '../errors.ts'

/** An expected failure is told without a stack: its message says all; anything else is shown whole. */
export function report (error: unknown): void {
  if (error instanceof EspalierError) console.error(`${error.code}: ${error.message}`)
  else console.error(error)
  process.exitCode = 1
}
