/** Builds the dashboard's pages when their sources have changed. */
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Progress } from './progress.ts'
import { isThere, runTool } from './tools.ts'

/** Where the built pages lie, below the project's folder. */
export const PAGES = 'src/web/dist'

/** Where Vite is not installed (npm ci --omit=dev), what was built before stays, and without it the API has no pages. `root` is the project's folder. */
export async function buildPages (root: string, progress: Progress): Promise<void> {
  const stamp = path.join(root, PAGES, '.sources-sha256')
  const vite = path.join(root, 'node_modules/vite/bin/vite.js')
  const wanted = await hashOfSources(root)
  const done = await readFile(stamp, 'utf8').catch(() => '')
  if (done === wanted) return
  if (!await isThere(vite)) {
    if (!await isThere(path.join(root, PAGES, 'index.html'))) progress.step('the dashboard is not built, as vite is not installed: npm ci without --omit=dev has it').end()
    return
  }
  const step = progress.step('building the dashboard')
  const args = ['--import', 'tsx', vite, 'build', path.join(root, 'src/web'), '--configLoader', 'native', '--logLevel', 'warn']
  await runTool(process.execPath, args, 'building the dashboard', { cwd: root, env: { NODE_ENV: 'production' } })
  await writeFile(stamp, wanted)
  step.end()
}

/** Of everything that the pages are made of, with the versions of libraries. */
async function hashOfSources (root: string): Promise<string> {
  const folder = path.join(root, 'src/web')
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.relative(root, path.join(parentPath, name)))
  const hash = createHash('sha256')
  for (const name of [...names.filter((each) => !each.startsWith(PAGES)).sort(), 'package-lock.json']) {
    hash.update(name).update('\0').update(await readFile(path.join(root, name)).catch(() => '')).update('\0')
  }
  return hash.digest('hex')
}
