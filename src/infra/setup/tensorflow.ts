/** Finds or downloads TensorFlow's two libraries and the headers that the binding is compiled with. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { EspalierError } from '../../errors.ts'
import { onPath, runTool } from './tools.ts'
import type { Progress } from './progress.ts'
import { unpackWheel, type Placed } from './wheel.ts'

export const TENSORFLOW_VERSION = '2.21.0'

/** Where the libraries lie; `nvidia` are further folders the GPU build loads libraries from. */
export interface TensorFlow {
  readonly libraries: string
  readonly include: string
  readonly kind: 'given' | 'python' | 'cpu' | 'gpu'
  readonly nvidia: readonly string[]
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

const MANIFEST = 'manifest.json'
interface Manifest { readonly version: string, readonly files: readonly Placed[] }

/** The wheel for this machine, as the package registry names it. There is no CPU-only build for arm64. */
const BUILDS: Readonly<Record<string, { cpu: string, gpu?: string, platform: string, megabytes: { cpu: number, gpu: number } }>> = {
  'linux-x64': { cpu: 'tensorflow-cpu', gpu: 'tensorflow', platform: 'manylinux_2_27_x86_64', megabytes: { cpu: 274, gpu: 572 } },
  'linux-arm64': { cpu: 'tensorflow', platform: 'manylinux_2_27_aarch64', megabytes: { cpu: 270, gpu: 270 } },
  'darwin-arm64': { cpu: 'tensorflow', platform: 'macosx_12_0_arm64', megabytes: { cpu: 240, gpu: 240 } },
}

/** What TensorFlow's GPU build loads at run time, as its own extra `and-cuda` lists it. */
const NVIDIA = ['nvidia-cublas-cu12', 'nvidia-cuda-cupti-cu12', 'nvidia-cuda-nvcc-cu12', 'nvidia-cuda-nvrtc-cu12', 'nvidia-cuda-runtime-cu12', 'nvidia-cudnn-cu12',
  'nvidia-cufft-cu12', 'nvidia-curand-cu12', 'nvidia-cusolver-cu12', 'nvidia-cusparse-cu12', 'nvidia-nccl-cu12', 'nvidia-nvjitlink-cu12']

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
  if (await isComplete(folder, verify)) return await cached(folder, kind)
  const python = kind === 'cpu' ? await inPython() : undefined
  if (python !== undefined) return python
  await download(folder, kind === 'gpu' && build.gpu !== undefined ? build.gpu : build.cpu, build.platform, build.megabytes[kind], progress)
  if (kind === 'gpu') await downloadNvidia(folder, build.platform, progress)
  return await cached(folder, kind)
}

async function exists (file: string): Promise<boolean> {
  return await access(file).then(() => true, () => false)
}

async function givenFolder (given: string): Promise<TensorFlow> {
  const missing = []
  for (const name of LIBRARIES) if (!await exists(path.join(given, name))) missing.push(name)
  const include = path.join(given, 'include')
  if (!await exists(path.join(include, 'tensorflow/c/c_api.h'))) missing.push('include/tensorflow/c/c_api.h')
  if (missing.length > 0) {
    throw new EspalierError('setup-failed', `ESPALIER_TENSORFLOW is ${given}, which lacks ${missing.join(', ')}; it must be the folder "tensorflow" of an installed or unpacked wheel`)
  }
  return { libraries: given, include, kind: 'given', nvidia: [] }
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
async function isComplete (folder: string, verify: boolean): Promise<boolean> {
  const manifest = await readFile(path.join(folder, MANIFEST), 'utf8').then((text) => JSON.parse(text) as Manifest, () => undefined)
  if (manifest?.version !== TENSORFLOW_VERSION) return false
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

async function download (folder: string, name: string, platform: string, megabytes: number, progress: Progress): Promise<void> {
  const fresh = `${folder}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { recursive: true })
  const files = await unpackWheel({
    requirement: `${name}==${TENSORFLOW_VERSION}`,
    tags: tags(platform),
    megabytes,
    folder: fresh,
    place: (file) => LIBRARIES.includes(file.replace('tensorflow/', '')) || HEADERS.test(file) ? file.replace('tensorflow/', '') : undefined,
  }, progress)
  await writeFile(path.join(fresh, MANIFEST), JSON.stringify({ version: TENSORFLOW_VERSION, files } satisfies Manifest, null, 1))
  await rm(folder, { recursive: true, force: true })
  await rename(fresh, folder)
}

async function downloadNvidia (folder: string, platform: string, progress: Progress): Promise<void> {
  for (const name of NVIDIA) {
    await unpackWheel({
      requirement: name,
      tags: ['--platform', platform, '--platform', 'manylinux2014_x86_64', '--platform', 'manylinux1_x86_64'],
      megabytes: 300,
      folder,
      place: (file) => /^nvidia\/[^/]+\/(lib|bin|nvvm)\//.test(file) ? file : undefined,
    }, progress)
  }
}

async function cached (folder: string, kind: 'cpu' | 'gpu'): Promise<TensorFlow> {
  const libraries = NVIDIA.map((name) => path.join(folder, 'nvidia', name.replace(/^nvidia-/, '').replace(/-cu12$/, '').replaceAll('-', '_'), 'lib'))
  return { libraries: folder, include: path.join(folder, 'include'), kind, nvidia: kind === 'gpu' ? libraries : [] }
}
