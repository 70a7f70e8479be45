/** Checks package-lock.json as it stands, without a network: where packages come from, what they run and under which terms they may be used. */
import { DEPRECATED, INSTALL_SCRIPTS, LICENCE_EXCEPTIONS, LICENCES } from './lock-rules.ts'

export interface LockedPackage {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly hasInstallScript?: boolean
  readonly deprecated?: string
  readonly license?: string
}

export interface LockFile { readonly lockfileVersion: number, readonly packages: Readonly<Record<string, LockedPackage>> }

const VERSION = 3
/** 64 bytes. */
const INTEGRITY = /^sha512-[A-Za-z0-9+/]{86}==$/

/** Everything that is wrong, a sentence each. `npmrc`: the text of .npmrc. */
export function problemsOfLock ({ lockfileVersion, packages }: LockFile, npmrc: string): string[] {
  const problems: string[] = []
  if (lockfileVersion !== VERSION) problems.push(`lockfileVersion is ${lockfileVersion}; it must be ${VERSION}`)
  if (!/^ignore-scripts=true$/m.test(npmrc)) problems.push('.npmrc does not say ignore-scripts=true: packages could run programs when they are installed')
  const locked = Object.entries(packages).filter(([place]) => place !== '')
  const names = new Set(locked.map(([place]) => nameAt(place)))
  for (const [place, entry] of locked) problems.push(...problemsOf(nameAt(place), entry).map((problem) => `${place}: ${problem}`))
  for (const [list, table] of Object.entries({ INSTALL_SCRIPTS, LICENCE_EXCEPTIONS, DEPRECATED })) {
    for (const name of Object.keys(table)) if (!names.has(name)) problems.push(`${list} of .ci/lock-rules.ts has ${name}, which is not installed any more: take it out`)
  }
  return problems
}

function problemsOf (name: string, { version, resolved, integrity, link, hasInstallScript, deprecated, license }: LockedPackage): string[] {
  return [
    ...(link === true ? ['is a link to a folder'] : []),
    // What is of the registry has no address of its own here, see omit-lockfile-registry-resolved in .npmrc.
    ...(resolved !== undefined ? [`comes from ${resolved.replace(/\/\/[^/@]*@/, '//')}, not from the registry`] : []),
    ...(INTEGRITY.test(integrity ?? '') ? [] : ['has no sha512 of its content']),
    ...(/^\d+\.\d+\.\d+/.test(version ?? '') ? [] : ['has no version']),
    ...(hasInstallScript === true && !Object.hasOwn(INSTALL_SCRIPTS, name) ? ['runs a program when it is installed, and is not in INSTALL_SCRIPTS of .ci/lock-rules.ts'] : []),
    ...(deprecated !== undefined && !Object.hasOwn(DEPRECATED, name) ? [`was given up by its authors: ${deprecated}`] : []),
    ...(isAllowed(license) || Object.hasOwn(LICENCE_EXCEPTIONS, name) ? [] : [`has the licence ${license ?? 'none'}, which is not in LICENCES of .ci/lock-rules.ts`]),
  ]
}

/** The name at the end of a path such as node_modules/a/node_modules/@b/c. */
function nameAt (place: string): string {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)
}

/** Of an SPDX expression one side of each OR, and all of an AND; no brackets within brackets. */
export function isAllowed (license: string | undefined): boolean {
  if (license === undefined) return false
  const plain = /^\(([^()]*)\)$/.exec(license)?.[1] ?? license
  return plain.split(/ or /i).some((side) => side.split(/ and /i).every((one) => LICENCES.has(one.trim())))
}
