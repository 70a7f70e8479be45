/** Lines of the log as text for a terminal. */

const LEVELS = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
/** The same in every line of a process, or in the line already. */
const LEFT_OUT = new Set(['level', 'time', 'role', 'msg', 'pid', 'host', 'err', 'error', 'reqId', 'traceId'])
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/** A JSON line as `time level role: message field=value`; anything else stays as it is, without control characters. */
export function prettyLine (line: string): string {
  const record = recordOf(line)
  if (record === undefined) return `${escaped(line.trimEnd())}\n`
  const { time, level, role, msg, err, error } = record
  const fields = Object.entries(record).filter(([name]) => !LEFT_OUT.has(name)).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  const mark = level === 'info' ? '' : ` ${String(level).toUpperCase()}`
  const head = `${timeOf(time)}${mark} ${String(role ?? '')}: ${String(msg ?? '')}`
  const stack = stackOf(err ?? error)
  return `${escaped([head, ...fields].join(' '))}${stack}\n`
}

/** Undefined when the line is none of a log. */
export function recordOf (line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{"level":')) return undefined
  try {
    const record = JSON.parse(line) as Record<string, unknown>
    return LEVELS.has(String(record['level'])) ? record : undefined
  } catch {
    return undefined
  }
}

function timeOf (time: unknown): string {
  const date = new Date(String(time))
  return Number.isNaN(date.getTime()) ? '' : date.toTimeString().slice(0, 8)
}

function stackOf (error: unknown): string {
  if (typeof error !== 'object' || error === null) return ''
  const { stack, message } = error as { stack?: unknown, message?: unknown }
  return String(stack ?? message ?? '').split('\n').map((line) => `\n    ${escaped(line.trim())}`).join('')
}

function escaped (text: string): string {
  return text.replace(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
