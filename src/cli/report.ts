/** How a command ends that cannot go on: the reason in plain words, exit code 1. */
import { EspalierError } from '../errors.ts'
import { scrubber } from '../telemetry/redact.ts'

const scrub = scrubber([])

/** An expected failure is told without a stack: its message says all; of anything else the stack, and never what drivers hang on their errors. */
export function report (error: unknown): void {
  const text = error instanceof EspalierError ? `${error.code}: ${error.message}` : error instanceof Error ? stacksOf(error) : String(error)
  console.error(scrub(text))
  process.exitCode = 1
}

function stacksOf (error: Error, depth = 0): string {
  const stack = error.stack ?? error.message
  return error.cause instanceof Error && depth < 4 ? `${stack}\ncaused by ${stacksOf(error.cause, depth + 1)}` : stack
}
