/** Pages in a real browser: what goes wrong in them is kept, axe looks at them, and pictures of them are left for people. */
import assert from 'node:assert/strict'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { launchChromium } from './chromium.ts'

/** Where the pictures are left. */
export const SHOTS = fileURLToPath(new URL('../../output-browser/', import.meta.url))
const SIZES = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const SERIOUS = new Set(['serious', 'critical'])

export interface Pages {
  readonly browser: Browser
  /** A page of its own context at the address below the service's. */
  open (address: string, options?: BrowserContextOptions): Promise<Page>
  /** Nothing that a page did was an error or against its policy. */
  assertQuiet (): void
  close (): Promise<void>
}

/** Shows a key to the service, as the page's own dialog does; the context of the page has a session from then on. */
export async function signIn (page: Page, url: string, key: string): Promise<void> {
  const answer = await page.request.post(`${url}/v1/session`, { data: { key, remember: false } })
  assert.equal(answer.status(), 201)
}

export async function openPages (url: string): Promise<Pages> {
  const browser = await launchChromium()
  const wrong: string[] = []
  return {
    browser,
    async open (address, options = {}) {
      const context = await browser.newContext({ viewport: SIZES.wide, reducedMotion: 'reduce', acceptDownloads: true, ...options })
      // Machines that test other things beside are slow.
      context.setDefaultTimeout(60_000)
      const page = await context.newPage()
      page.on('pageerror', (error) => { wrong.push(`${address}: ${error.stack ?? error.message}`) })
      page.on('console', (message) => { if (message.type() === 'error' && !isRefusal(message.text())) wrong.push(`${address}: ${message.text()}`) })
      await page.goto(`${url}${address}`)
      return page
    },
    assertQuiet () { assert.deepEqual(wrong, []) },
    async close () { await browser.close() },
  }
}

/** Chromium puts answers such as 401 and 503 on its console; the page tells of those, and asks again where that may help. */
function isRefusal (text: string): boolean {
  return /^Failed to load resource: .*\b(401|404|409|422|429|503)\b/.test(text)
}

/** Ends when colours no longer go over into others; two frames, as a busy machine may not have begun by the first. */
const SETTLED = 'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))).then(() => Promise.all(document.getAnimations().map((each) => each.finished.catch(() => {}))))'

/** Nothing that axe calls serious or worse, by WCAG 2.2 A and AA. What was announced a moment ago, and names a button that is gone by now, is nothing of the page. */
export async function assertAccessible (page: Page, name: string): Promise<void> {
  if (!await page.evaluate('"axe" in window')) await page.evaluate(await readFile(AXE, 'utf8'))
  const found = await page.evaluate('axe.run({ exclude: ["[data-live-announcer]"] }, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })') as AxeResults
  assert.ok(found.passes.length > 5, 'axe looked at the page')
  const serious = found.violations.filter(({ impact }) => SERIOUS.has(impact)).map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 4).map(({ html, failureSummary }) => `${html} (${failureSummary})`).join(' | ')}`)
  assert.deepEqual(serious, [], name)
}

interface AxeResults {
  readonly passes: readonly unknown[]
  readonly violations: ReadonlyArray<{ readonly id: string, readonly impact: string, readonly help: string, readonly nodes: ReadonlyArray<{ readonly html: string, readonly failureSummary: string }> }>
}

/** Pictures of the whole page at both sizes, `NAME-wide.png` and `NAME-phone.png`; at neither it is wider than its window. axe looks at both. */
export async function shoot (page: Page, name: string): Promise<void> {
  await mkdir(SHOTS, { recursive: true })
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport)
    await page.waitForTimeout(150)
    await assertAccessible(page, `${name} at ${size}`)
    const [width, height] = await page.evaluate('[document.documentElement.scrollWidth, document.documentElement.scrollHeight]') as [number, number]
    assert.ok(width <= viewport.width, `${name} is ${width} pixels wide in a window of ${viewport.width}`)
    // A window as high as the page, so that what stands at its foot does so in the picture.
    await page.setViewportSize({ width: viewport.width, height: Math.max(height, viewport.height) })
    await page.screenshot({ path: path.join(SHOTS, `${name}-${size}.png`) })
  }
  await page.setViewportSize(SIZES.wide)
}

/** Dark, wide. */
export async function shootDark (page: Page, name: string): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark' })
  // The page is told of it a while later; axe would see a part of both.
  await page.waitForFunction(() => document.documentElement.dataset['theme'] === 'dark')
  await page.evaluate(SETTLED)
  await page.waitForTimeout(150)
  await assertAccessible(page, `${name}, dark`)
  await page.screenshot({ path: path.join(SHOTS, `${name}-dark.png`), fullPage: true })
  await page.emulateMedia({ colorScheme: 'light' })
  await page.waitForFunction(() => document.documentElement.dataset['theme'] === 'light')
}
