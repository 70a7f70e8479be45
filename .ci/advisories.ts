/** Asks the registry, through npm, for known vulnerabilities of what is installed where the service runs. */
import { execFile } from 'node:child_process'

export type Advisories =
  /** How many packages have known vulnerabilities, by severity. */
  | { readonly kind: 'found' | 'none', readonly counts: Readonly<Record<string, number>>, readonly packages: readonly string[] }
  /** Nobody answered: nothing is known. */
  | { readonly kind: 'unanswered', readonly why: string }

const SEVERE = new Set(['high', 'critical'])
const LIMIT_MS = 120_000

interface Report {
  readonly message?: string
  readonly error?: { readonly summary?: string }
  readonly metadata?: { readonly vulnerabilities?: Readonly<Record<string, number>> }
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string }>>
}

/** What `npm audit --json` printed, whichever way it ended. */
export function advisoriesIn (output: string): Advisories {
  let report: Report
  try {
    report = JSON.parse(output) as Report
  } catch {
    return { kind: 'unanswered', why: output.trim() === '' ? 'npm printed nothing' : 'npm printed something else than JSON' }
  }
  const counts = report.metadata?.vulnerabilities
  if (counts === undefined) return { kind: 'unanswered', why: report.message ?? report.error?.summary ?? 'npm told no result' }
  const packages = Object.entries(report.vulnerabilities ?? {}).filter(([, { severity }]) => SEVERE.has(severity)).map(([name, { severity }]) => `${name} (${severity})`)
  return { kind: packages.length > 0 ? 'found' : 'none', counts, packages }
}

export async function askForAdvisories (folder: string): Promise<Advisories> {
  const args = ['audit', '--omit=dev', '--audit-level=high', '--json']
  const output = await new Promise<string>((resolve) => { execFile('npm', args, { cwd: folder, timeout: LIMIT_MS, maxBuffer: 1 << 26 }, (_error, stdout) => { resolve(stdout) }) })
  return advisoriesIn(output)
}
