/** Files that are dropped on a page as a person drops them, and a connection slow enough to watch. */
import type { Locator, Page } from 'playwright-core'

/** `files`: paths on this machine. */
export async function dropFiles (page: Page, zone: Locator, files: readonly string[]): Promise<void> {
  await zone.scrollIntoViewIfNeeded()
  const box = await zone.boundingBox()
  if (box === null) throw new Error('there is nothing to drop on')
  const session = await page.context().newCDPSession(page)
  const data = { items: [], files: [...files], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) await session.send('Input.dispatchDragEvent', { type, x: box.x + box.width / 2, y: box.y + box.height / 2, data })
  await session.detach()
}

const SLOW_BYTES_PER_SECOND = 400_000

/** Until it is ended, what the page sends goes slowly. */
export async function sendSlowly (page: Page): Promise<{ end: () => Promise<void> }> {
  const session = await page.context().newCDPSession(page)
  const set = async (uploadThroughput: number): Promise<void> => { await session.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput }) }
  await session.send('Network.enable')
  await set(SLOW_BYTES_PER_SECOND)
  return {
    async end () {
      await set(-1)
      await session.detach()
    },
  }
}
