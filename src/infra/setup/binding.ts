/** Compiles tfjs-node-gpu's binding against the TensorFlow that was found, once for each, and puts it where the package looks for it. */
import { createHash } from 'node:crypto'
import { access, copyFile, mkdir, readFile, rename } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { LIBRARIES, TENSORFLOW_VERSION, type TensorFlow } from './tensorflow.ts'
import type { Progress } from './progress.ts'
import { needTool, runTool } from './tools.ts'

/** tfjs-node's sources are written against this version of Node-API, which every supported Node.js offers. */
const NAPI = 8

const require = createRequire(import.meta.url)

/** @throws `setup-failed` when there is no C++ compiler or it fails */
export async function buildBinding (tensorflow: TensorFlow, cache: string, progress: Progress): Promise<void> {
  const packageFolder = path.dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json'))
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => path.join(packageFolder, 'binding', name))
  const key = createHash('sha256').update([TENSORFLOW_VERSION, tensorflow.libraries, process.platform, process.arch, NAPI].join('\n'))
  for (const source of sources) key.update(await readFile(source))
  const built = path.join(cache, `tfjs-binding-${key.digest('hex').slice(0, 16)}.node`)
  if (!await access(built).then(() => true, () => false)) await compile(built, sources, packageFolder, tensorflow, progress)
  await place(built, path.join(packageFolder, 'lib', `napi-v${NAPI}`, 'tfjs_binding.node'))
}

async function compile (built: string, sources: string[], packageFolder: string, { libraries, include }: TensorFlow, progress: Progress): Promise<void> {
  const compiler = await needTool('c++', ['g++', 'clang++', 'c++'], 'compile the TensorFlow binding')
  const step = progress.step('compiling the TensorFlow binding')
  const napi = (require('node-api-headers') as { include_dir: string }).include_dir
  const mac = process.platform === 'darwin'
  await mkdir(path.dirname(built), { recursive: true })
  const fresh = `${built}.${process.pid}`
  await runTool(compiler, [
    '-O2', '-fPIC', '-shared', '-std=c++17', `-DNAPI_VERSION=${NAPI}`, `-I${napi}`, `-I${packageFolder}`, `-I${include}`, ...sources, '-o', fresh,
    ...LIBRARIES.map((name) => path.join(libraries, name)), `-Wl,-rpath,${libraries}`,
    ...(mac ? ['-undefined', 'dynamic_lookup'] : []),
  ], 'compiling the TensorFlow binding')
  await rename(fresh, built)
  step.end()
}

/** Copied beside and renamed, so that a process that loads it now never sees half of it. */
async function place (built: string, target: string): Promise<void> {
  const [wanted, there] = await Promise.all([readFile(built), readFile(target).catch(() => null)])
  if (there !== null && wanted.equals(there)) return
  await mkdir(path.dirname(target), { recursive: true })
  const fresh = `${target}.${process.pid}`
  await copyFile(built, fresh)
  await rename(fresh, target)
}
