/** What a browser sees of a page: when it is drawn, and how many frames a second it draws from then on. */
import type { Browser, Page } from 'playwright-core'

/** Runs in the page before its own scripts: notes when what was waited for is drawn. `wanted` is a condition in the page's terms. */
function noteWhen (wanted: string): string {
  return `{
    const wanted = () => { try { return Boolean(${wanted}) } catch { return false } }
    const look = () => {
      if (!wanted()) return void requestAnimationFrame(look)
      // Drawn when the frame after this one begins.
      requestAnimationFrame(() => { window.drawnAt = performance.now() })
    }
    look()
  }`
}

/** Milliseconds from the start of the navigation until it is drawn. */
export async function drawnIn (browser: Browser, url: string, wanted: string): Promise<{ ms: number, page: Page }> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  await page.addInitScript(noteWhen(wanted))
  await page.goto(url)
  await page.waitForFunction(() => 'drawnAt' in window, undefined, { timeout: 60_000 }).catch(async (error: unknown) => {
    throw new Error(`not drawn: ${(await page.locator('main').innerText()).slice(0, 2000)}`, { cause: error })
  })
  return { ms: await page.evaluate('window.drawnAt'), page }
}

export interface Frames { readonly perSecond: number, readonly longestMs: number }

/** While it scrolls up and down, as somebody who looks does. */
export async function countFrames (page: Page, seconds: number): Promise<Frames> {
  return await page.evaluate(`new Promise((resolve) => {
    const times = []
    const begin = performance.now()
    const frame = (now) => {
      times.push(now)
      const room = document.documentElement.scrollHeight - innerHeight
      scrollTo(0, room * (0.5 - 0.5 * Math.cos((now - begin) / 1000)))
      if (now - begin < ${seconds * 1000}) return void requestAnimationFrame(frame)
      const gaps = times.slice(1).map((time, index) => time - times[index])
      resolve({ perSecond: gaps.length / ((times.at(-1) - times[0]) / 1000), longestMs: Math.max(...gaps) })
    }
    requestAnimationFrame(frame)
  })`)
}
