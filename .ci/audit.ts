/** `npm run audit`: the lock file by its rules, then known vulnerabilities; where the registry does not tell those, it says so and does not call it good. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { askForAdvisories } from './advisories.ts'
import { problemsOfLock, type LockFile } from './lock-file.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const [lock, npmrc] = await Promise.all(['package-lock.json', '.npmrc'].map(async (name) => await readFile(`${ROOT}${name}`, 'utf8')))
const problems = problemsOfLock(JSON.parse(lock!) as LockFile, npmrc!)
for (const problem of problems) console.error(problem)
console.log(problems.length === 0 ? 'package-lock.json: every package is of the registry, with its sha512, and keeps to .ci/lock-rules.ts' : `package-lock.json: ${problems.length} problems`)

const advisories = await askForAdvisories(ROOT)
if (advisories.kind === 'unanswered') console.warn(`WARNING: known vulnerabilities were NOT looked for, as the registry did not answer: ${advisories.why}. Run this where it does before a release.`)
else if (advisories.kind === 'found') console.error(`known vulnerabilities: ${advisories.packages.join(', ')}; npm audit --omit=dev tells them`)
else console.log(`known vulnerabilities of level high or critical: none (others: ${JSON.stringify(advisories.counts)})`)
process.exitCode = problems.length > 0 || advisories.kind === 'found' ? 1 : 0
