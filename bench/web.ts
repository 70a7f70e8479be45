/** The dashboard: its size, how soon its first page and a run of 100,000 figures in 200 layers are drawn, and frames a second while more come. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readConfig } from '../src/config.ts'
import { serve } from '../src/http/server.ts'
import { createCatalog } from '../src/infra/postgres/catalog.ts'
import { launchChromium } from '../test/browser/support/chromium.ts'
import { freshDatabase } from '../test/support/database.ts'
import { freshPrefix } from '../test/support/queue.ts'
import { sizesOf } from './web/sizes.ts'
import { stockRun } from './web/stock.ts'
import { countFrames, countPlainFrames, drawnIn } from './web/watch-page.ts'
import { summarize } from './train/statistics.ts'

const { values: options } = parseArgs({
  options: {
    points: { type: 'string', default: '100000' },
    layers: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '8' },
    json: { type: 'boolean', default: false },
  },
})
const [points, layers, rounds, seconds] = [Number(options.points), Number(options.layers), Number(options.rounds), Number(options.seconds)]
/** What the dashboard may take at most. */
const LIMITS = { totalKb: 300, firstPageMs: 1000, runMs: 1000, framesPerSecond: 50 }

async function main (): Promise<void> {
  const sizes = await sizesOf(fileURLToPath(new URL('../src/web/dist/', import.meta.url)))
  const database = await freshDatabase()
  const { url: redisUrl, prefix } = freshPrefix()
  const home = await mkdtemp(path.join(tmpdir(), 'espalier-web-'))
  const catalog = createCatalog(database.url)
  const server = await serve({ ...readConfig(), host: '127.0.0.1', port: 0, home, databaseUrl: database.url, redisUrl, queuePrefix: prefix, logLevel: 'silent' })
  const browser = await launchChromium()
  try {
    const run = await stockRun({ catalog, points, layers })
    const address = `${server.url}/jobs/${run.id}`
    const live = `document.querySelectorAll('.live-layers tbody tr').length === ${layers} && [...document.querySelectorAll('.chart-readout')].some((one) => one.textContent.includes('step ${run.lastStep.toLocaleString('en')}'))`
    const timed = async (url: string, wanted: string): Promise<number[]> => {
      const times: number[] = []
      for (let round = 0; round < rounds; round++) {
        const { ms, page } = await drawnIn(browser, url, wanted)
        times.push(ms)
        await page.context().close()
      }
      return times
    }
    const first = await timed(`${server.url}/`, "document.querySelector('.data-table tbody tr') !== null")
    const drawn = await timed(address, live)
    const { page } = await drawnIn(browser, address, live)
    const stop = new AbortController()
    const told = run.goOn(stop.signal)
    const frames = await countFrames(page, seconds)
    const plainFrames = await countPlainFrames(browser, seconds)
    stop.abort()
    const updates = await told
    const reached = await page.evaluate('[...document.querySelectorAll(".chart-readout")].map((one) => one.textContent)') as string[]
    await page.context().close()
    await run.end()
    const ended = await timed(address, `document.querySelectorAll('.layers-scroll tbody tr').length === ${layers} && document.querySelectorAll('.chart-plot canvas').length > 2`)
    const result = { sizes, firstPageMs: summarize(first), runMs: summarize(drawn), endedRunMs: summarize(ended), frames, plainFrames, updates, reached: reached[0], points, layers }
    console.log(options.json ? JSON.stringify(result) : result)
    const over = [
      sizes.totalKb >= LIMITS.totalKb && `${sizes.totalKb} kB of ${LIMITS.totalKb}`,
      result.firstPageMs.median >= LIMITS.firstPageMs && `first page after ${result.firstPageMs.median} ms`,
      result.runMs.median >= LIMITS.runMs && `run after ${result.runMs.median} ms`,
      result.endedRunMs.median >= LIMITS.runMs && `ended run after ${result.endedRunMs.median} ms`,
      frames.perSecond < LIMITS.framesPerSecond && `${frames.perSecond} frames a second`,
    ].filter((text) => text !== false)
    if (over.length > 0) {
      console.error(`over the budget: ${over.join('; ')}`)
      process.exitCode = 1
    }
  } finally {
    await browser.close()
    await server.close()
    await catalog.close()
    await database.drop()
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
}

await main()
process.exit()
