/** A Chromium to look at pages with: CHROMIUM_PATH, one on the PATH, or that of a package. */
import { access, constants } from 'node:fs/promises'
import path from 'node:path'
import { chromium, type Browser } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
/** Inside a container its own sandbox cannot be set up, and /dev/shm is small; the pages are ours. */
const ARGUMENTS = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--font-render-hinting=none']

const HELP = 'no Chromium was found to test the pages with; install one (apt-get install chromium), set CHROMIUM_PATH to one, or have npm ci fetch @sparticuz/chromium'

/** @throws when there is none, saying how to get one */
export async function launchChromium (): Promise<Browser> {
  const executablePath = await findChromium()
  if (executablePath === undefined) throw new Error(HELP)
  return await chromium.launch({ executablePath, args: ARGUMENTS })
}

async function findChromium (): Promise<string | undefined> {
  const { CHROMIUM_PATH: given, PATH = '' } = process.env
  if (given !== undefined && given !== '') {
    if (await isProgram(given)) return given
    throw new Error(`CHROMIUM_PATH is "${given}", where there is no program`)
  }
  for (const folder of PATH.split(path.delimiter)) {
    for (const name of NAMES) if (await isProgram(path.join(folder, name))) return path.join(folder, name)
  }
  const shipped = await import('@sparticuz/chromium').catch(() => undefined)
  return await shipped?.default.executablePath()
}

async function isProgram (file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(() => true, () => false)
}
