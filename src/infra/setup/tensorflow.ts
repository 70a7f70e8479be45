/** Finds or downloads TensorFlow's two libraries and the headers that the binding is compiled with. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { EspalierError } from '../../errors.ts'
import { isThere, onPath, runTool } from './tools.ts'
import type { Progress } from './progress.ts'
import { unpackWheel, type Placed } from './wheel.ts'

export const TENSORFLOW_VERSION = '2.21.0'

export interface TensorFlow {
  /** The folders of the libraries and of the headers. */
  readonly libraries: string
  readonly include: string
  readonly kind: 'given' | 'python' | 'cpu' | 'gpu'
}

export interface TensorFlowRequest {
  /** ESPALIER_TENSORFLOW */
  readonly given?: string
  readonly cache: string
  readonly progress: Progress
  /** Read all of the cached files again and compare checksums. */
  readonly verify: boolean
}

const [CC, FRAMEWORK] = process.platform === 'darwin'
  ? ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib']
  : ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']

export const LIBRARIES: readonly string[] = [CC, FRAMEWORK]

/** Of the wheel's 250 MB of headers the binding reads only the C API and what that includes. */
const HEADERS = /^tensorflow\/include\/(tensorflow\/c\/|xla\/tsl\/c\/|tsl\/|xla\/tsl\/platform\/|tensorflow\/core\/platform\/)[^.]*\.h$/

/** The libraries look for NVIDIA's at `../nvidia/<part>/lib`, where Python packages put them; the cache keeps that order. */
const FOLDER = 'tensorflow'
const NVIDIA_FILES = /^nvidia\/[^/]+\/(lib|bin|nvvm)\//

/** What the GPU wheel's own extra asks for, as its metadata writes it. */
const NVIDIA_REQUIREMENT = /^Requires-Dist: *(nvidia-[^;]+?) *; *extra == ["']and-cuda["']/gm

const MANIFEST = 'manifest.json'
const METADATA = 'METADATA'
interface Manifest { readonly version: string, readonly files: readonly Placed[] }

interface Build { readonly cpu: string, readonly gpu?: string, readonly platform: string, readonly megabytes: { readonly cpu: number, readonly gpu: number } }

/** The wheel for this machine, as the package registry names it. There is no CPU-only build for arm64. */
const BUILDS: Readonly<Record<string, Build>> = {
  'linux-x64': { cpu: 'tensorflow-cpu', gpu: 'tensorflow', platform: 'manylinux_2_27_x86_64', megabytes: { cpu: 274, gpu: 572 } },
  'linux-arm64': { cpu: 'tensorflow', platform: 'manylinux_2_27_aarch64', megabytes: { cpu: 282, gpu: 282 } },
  'darwin-arm64': { cpu: 'tensorflow', platform: 'macosx_12_0_arm64', megabytes: { cpu: 223, gpu: 223 } },
}

/** The first of: the folder given, the cache, a Python's TensorFlow of the same version, a download. */
export async function findTensorFlow (request: TensorFlowRequest): Promise<TensorFlow> {
  const { given, cache, progress, verify } = request
  if (given !== undefined) return await givenFolder(given)
  const build = BUILDS[`${process.platform}-${process.arch}`]
  if (build === undefined) {
    throw new EspalierError('setup-failed', `TensorFlow ${TENSORFLOW_VERSION} is not published for ${process.platform} on ${process.arch}; build it and set ESPALIER_TENSORFLOW to the folder of ${CC}`)
  }
  const kind = build.gpu !== undefined && await hasNvidiaDriver() ? 'gpu' : 'cpu'
  const folder = path.join(cache, `tensorflow-${TENSORFLOW_VERSION}-${kind}`)
  const libraries = path.join(folder, FOLDER)
  const cached: TensorFlow = { libraries, include: path.join(libraries, 'include'), kind }
  if (await isComplete(folder, verify)) return cached
  // A GPU is not left idle for a Python package that may be the CPU build.
  const python = kind === 'cpu' ? await inPython() : undefined
  if (python !== undefined) return python
  await download(folder, build, kind, progress)
  return cached
}

async function givenFolder (given: string): Promise<TensorFlow> {
  const missing = []
  for (const name of LIBRARIES) if (!await isThere(path.join(given, name))) missing.push(name)
  const include = path.join(given, 'include')
  if (!await isThere(path.join(include, 'tensorflow/c/c_api.h'))) missing.push('include/tensorflow/c/c_api.h')
  if (missing.length > 0) {
    throw new EspalierError('setup-failed', `ESPALIER_TENSORFLOW is ${given}, which lacks ${missing.join(', ')}; it must be the folder "tensorflow" of an installed or unpacked wheel`)
  }
  return { libraries: given, include, kind: 'given' }
}

/** The folder of an importable tensorflow of the same version, found without importing it. */
async function inPython (): Promise<TensorFlow | undefined> {
  const python = await onPath('python3')
  if (python === undefined) return undefined
  const script = 'import importlib.util, importlib.metadata as m, os, json\n' +
    'spec = importlib.util.find_spec("tensorflow")\n' +
    'names = [n for n in ("tensorflow", "tensorflow-cpu", "tensorflow_cpu") if any(d.metadata["Name"] == n for d in m.distributions(name=n))]\n' +
    'print(json.dumps({"folder": os.path.dirname(spec.origin), "version": m.version(names[0])} if spec and spec.origin and names else None))'
  const found = JSON.parse(await runTool(python, ['-c', script], 'looking for a TensorFlow in Python').catch(() => 'null')) as { folder: string, version: string } | null
  if (found?.version !== TENSORFLOW_VERSION) return undefined
  return await givenFolder(found.folder).then((tensorflow) => ({ ...tensorflow, kind: 'python' as const }), () => undefined)
}

async function hasNvidiaDriver (): Promise<boolean> {
  const smi = await onPath('nvidia-smi')
  return smi !== undefined && await runTool(smi, ['--list-gpus'], 'asking for GPUs').then((text) => text.includes('GPU'), () => false)
}

/** Complete when the manifest is there, written last, and every file has its size (and, when asked, its checksum). */
export async function isComplete (folder: string, verify: boolean): Promise<boolean> {
  const manifest = await readFile(path.join(folder, MANIFEST), 'utf8').then((text) => JSON.parse(text) as Manifest, () => undefined)
  if (manifest?.version !== TENSORFLOW_VERSION || !LIBRARIES.every((name) => manifest.files.some(({ file }) => file === `${FOLDER}/${name}`))) return false
  for (const { file, bytes, sha256 } of manifest.files) {
    const place = path.join(folder, file)
    if ((await stat(place).catch(() => null))?.size !== bytes) return false
    if (verify && await hashOf(place) !== sha256) return false
  }
  return true
}

async function hashOf (file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file)) hash.update(piece as Uint8Array)
  return hash.digest('hex')
}

/** Wheels differ only in what Python loads: any CPython's will do, whichever is on this machine. */
function tags (platform: string): string[] {
  return ['--platform', platform, '--python-version', '3.12', '--implementation', 'cp', '--abi', 'cp312']
}

/** Made aside and renamed, the manifest last: a folder with a manifest is complete. */
async function download (folder: string, build: Build, kind: 'cpu' | 'gpu', progress: Progress): Promise<void> {
  const fresh = `${folder}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { recursive: true })
  const name = kind === 'gpu' ? build.gpu ?? build.cpu : build.cpu
  const files = await unpackWheel({
    requirement: `${name}==${TENSORFLOW_VERSION}`,
    tags: tags(build.platform),
    megabytes: build.megabytes[kind],
    folder: fresh,
    place: (file) => LIBRARIES.includes(file.replace('tensorflow/', '')) || HEADERS.test(file) ? file : file.endsWith('.dist-info/METADATA') ? METADATA : undefined,
  }, progress)
  if (kind === 'gpu') {
    const metadata = await readFile(path.join(fresh, METADATA), 'utf8')
    for (const [, requirement] of metadata.matchAll(NVIDIA_REQUIREMENT)) files.push(...await downloadNvidia(fresh, requirement!, progress))
  }
  await writeFile(path.join(fresh, MANIFEST), JSON.stringify({ version: TENSORFLOW_VERSION, files } satisfies Manifest, null, 1))
  await rm(folder, { recursive: true, force: true })
  await rename(fresh, folder)
}

async function downloadNvidia (folder: string, requirement: string, progress: Progress): Promise<Placed[]> {
  const platforms = ['manylinux_2_27_x86_64', 'manylinux_2_17_x86_64', 'manylinux2014_x86_64', 'manylinux1_x86_64']
  return await unpackWheel({
    requirement, tags: platforms.flatMap((platform) => ['--platform', platform]), folder, place: (file) => NVIDIA_FILES.test(file) ? file : undefined,
  }, progress)
}
