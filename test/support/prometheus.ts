/** A real Prometheus (Apache-2.0): of the PATH, or out of Debian's package, fetched once into the cache; and one that scrapes a service. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readConfig } from '../../src/config.ts'
import { freePort } from '../../src/infra/embedded/ports.ts'
import { withLock } from '../../src/infra/setup/lock.ts'
import { onPath, runTool } from '../../src/infra/setup/tools.ts'

const START_MS = 30_000

/** Paths of both programs; undefined where neither the PATH nor Debian's packages have them. */
export async function findPrometheus (): Promise<{ prometheus: string, promtool: string } | undefined> {
  const [prometheus, promtool] = [await onPath('prometheus'), await onPath('promtool')]
  if (prometheus !== undefined && promtool !== undefined) return { prometheus, promtool }
  if (await onPath('apt-get') === undefined || await onPath('dpkg') === undefined) return undefined
  const cache = path.join(readConfig().home, 'cache')
  const folder = path.join(cache, 'prometheus')
  const programs = { prometheus: path.join(folder, 'usr/bin/prometheus'), promtool: path.join(folder, 'usr/bin/promtool') }
  await mkdir(cache, { recursive: true })
  return await withLock(path.join(cache, 'setup.lock'), async () => {
    if (await access(programs.prometheus).then(() => true, () => false)) return programs
    const fresh = `${folder}.new`
    await rm(fresh, { recursive: true, force: true })
    await mkdir(fresh, { recursive: true })
    await runTool('apt-get', ['download', 'prometheus'], 'downloading the Debian package prometheus', { cwd: fresh })
    const [file] = (await readdir(fresh)).filter((name) => name.endsWith('.deb'))
    await runTool('dpkg', ['-x', file!, '.'], 'unpacking the Debian package prometheus', { cwd: fresh })
    await rm(path.join(fresh, file!))
    await rename(fresh, folder)
    return programs
  })
}

export interface Prometheus {
  /** What a query gave in the last minutes: the points of each series. */
  range (query: string): Promise<Array<{ readonly metric: Record<string, string>, readonly values: Array<[time: number, value: string]> }>>
  stop (): Promise<void>
}

/** Scrapes every second. `targets`: host and port of each process. */
export async function startPrometheus (program: string, folder: string, targets: readonly string[], key: string): Promise<Prometheus> {
  const config = path.join(folder, 'prometheus.json')
  await writeFile(config, JSON.stringify({
    global: { scrape_interval: '1s' },
    scrape_configs: [{ job_name: 'espalier', authorization: { credentials: key }, static_configs: [{ targets }] }],
  }))
  const port = await freePort()
  const begin = Date.now() / 1000
  const child = spawn(program, [`--config.file=${config}`, `--storage.tsdb.path=${path.join(folder, 'tsdb')}`, `--web.listen-address=127.0.0.1:${port}`], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (piece: string) => { said = (said + piece).slice(-4000) })
  const base = `http://127.0.0.1:${port}`
  const until = Date.now() + START_MS
  while (!await fetch(`${base}/-/ready`).then(({ ok }) => ok, () => false)) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`Prometheus does not start: ${said}`)
    await sleep(200)
  }
  return {
    async range (query) {
      const asked = new URLSearchParams({ query, start: String(begin), end: String(Date.now() / 1000), step: '1' })
      const answer = await (await fetch(`${base}/api/v1/query_range`, { method: 'POST', body: asked })).json() as { status: string, error?: string, data: { result: Awaited<ReturnType<Prometheus['range']>> } }
      if (answer.status !== 'success') throw new Error(`${query}: ${answer.error}`)
      return answer.data.result
    },
    async stop () {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}
