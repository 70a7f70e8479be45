/** Setup: fast when all is there, complete or not at all, one at a time, and clear about what is missing. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readConfig } from '../../src/config.ts'
import { setup } from '../../src/infra/setup/index.ts'
import { takeLock, withLock } from '../../src/infra/setup/lock.ts'
import { silent } from '../../src/infra/setup/progress.ts'
import { findTensorFlow, isComplete, LIBRARIES, TENSORFLOW_VERSION } from '../../src/infra/setup/tensorflow.ts'
import { needTool, onPath, runTool } from '../../src/infra/setup/tools.ts'
import { findValkey } from '../../src/infra/setup/valkey.ts'

const { databaseUrl: _database, redisUrl: _redis, ...config } = readConfig()
let folder: string
before(async () => { folder = await mkdtemp(path.join(tmpdir(), 'espalier-setup-')) })
after(async () => { await rm(folder, { recursive: true, force: true }) })

describe('setup', () => {
  test('is quick when all is there, and says where', async () => {
    const first = await setup({ config, progress: silent })
    const times: number[] = []
    for (let run = 0; run < 5; run++) {
      const start = performance.now()
      assert.deepEqual(await setup({ config, progress: silent }), first)
      times.push(performance.now() - start)
    }
    assert.ok(Math.min(...times) < 250, `took ${Math.min(...times)} ms`)
    for (const name of LIBRARIES) assert.ok((await stat(path.join(first.tensorflow.libraries, name))).isFile())
    assert.match(await runTool(first.postgres!.postgres, ['--version'], 'asking'), /PostgreSQL\) 18/)
    assert.match(await runTool(first.valkey!, ['--version'], 'asking'), /server/)
  })

  test('the binding loads TensorFlow', () => {
    const code = 'import("@tensorflow/tfjs-node-gpu").then((tf) => console.log(tf.backend().binding.TF_Version))'
    const legacy = 'require("util").isNullOrUndefined ??= (value) => value == null;'
    const { stdout } = spawnSync(process.execPath, ['-e', legacy + code], { encoding: 'utf8', env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' } })
    assert.match(stdout, /^2\.21\.0/m)
  })

  test('a Valkey that is too old is passed over', async () => {
    const found = await findValkey(path.join(config.home, 'cache'), silent)
    const version = /v=(\d+)\.(\d+)/.exec(await runTool(found, ['--version'], 'asking'))
    assert.ok(version !== null && Number(version[1]) * 100 + Number(version[2]) >= 602)
  })
})

describe('TensorFlow in the cache', () => {
  test('a file that is missing or cut short is noticed at once, one that was changed when checksums are compared', async () => {
    const cache = path.join(folder, 'tensorflow-cache')
    const library = path.join(cache, 'tensorflow', LIBRARIES[0]!)
    await mkdir(path.dirname(library), { recursive: true })
    assert.equal(await isComplete(cache, false), false)
    const files = LIBRARIES.map((name) => ({ file: `tensorflow/${name}`, bytes: 5, sha256: createHash('sha256').update('bytes').digest('hex') }))
    for (const { file } of files) await writeFile(path.join(cache, file), 'bytes')
    assert.equal(await isComplete(cache, false), false, 'without a manifest')
    await writeFile(path.join(cache, 'manifest.json'), JSON.stringify({ version: TENSORFLOW_VERSION, files }))
    assert.deepEqual([await isComplete(cache, false), await isComplete(cache, true)], [true, true])
    await writeFile(library, 'other')
    assert.deepEqual([await isComplete(cache, false), await isComplete(cache, true)], [true, false])
    await truncate(library, 4)
    assert.equal(await isComplete(cache, false), false)
    await writeFile(path.join(cache, 'manifest.json'), JSON.stringify({ version: '2.9.1', files }))
    assert.equal(await isComplete(cache, false), false, 'of another version')
  })

  test('a given folder is taken as it is', async () => {
    const libraries = path.join(folder, 'given')
    await mkdir(path.join(libraries, 'include/tensorflow/c'), { recursive: true })
    for (const name of [...LIBRARIES, 'include/tensorflow/c/c_api.h']) await writeFile(path.join(libraries, name), 'x')
    const request = { cache: folder, progress: silent, verify: false, given: libraries }
    assert.deepEqual(await findTensorFlow(request), { libraries, include: path.join(libraries, 'include'), kind: 'given' })
  })

  test('a given folder that lacks something is refused with what it lacks', async () => {
    const request = { cache: folder, progress: silent, verify: false, given: path.join(folder, 'nowhere') }
    await assert.rejects(findTensorFlow(request), (error: Error & { code: string }) => error.code === 'setup-failed' && LIBRARIES.every((name) => error.message.includes(name)))
  })
})

describe('the lock', () => {
  test('two at once come one after the other, and the second is told of the first', async () => {
    const file = path.join(folder, 'order.lock')
    const events: string[] = []
    const work = (name: string) => async (): Promise<void> => { events.push(`${name} in`); await sleep(300); events.push(`${name} out`) }
    let told = 0
    const first = withLock(file, work('a'))
    await sleep(50)
    await Promise.all([first, withLock(file, work('b'), (holder) => { told = holder.pid })])
    assert.deepEqual(events, ['a in', 'a out', 'b in', 'b out'])
    assert.equal(told, process.pid)
    assert.deepEqual((await readdir(folder)).filter((name) => name.startsWith('order.lock')), [])
  })

  test('is free again when the work fails', async () => {
    const file = path.join(folder, 'failing.lock')
    await assert.rejects(withLock(file, async () => { throw new Error('no') }), /no/)
    assert.equal(await withLock(file, async () => 1), 1)
  })

  test('of a process that is gone, or of one whose id another has now, is taken over', async () => {
    const child = spawn(process.execPath, ['-e', ''])
    await once(child, 'exit')
    for (const holder of [{ pid: child.pid, began: '1' }, { pid: process.pid, began: 'another time' }, 'not JSON']) {
      const file = path.join(folder, 'stale.lock')
      await writeFile(file, typeof holder === 'string' ? holder : JSON.stringify(holder))
      assert.equal(await takeLock(file), undefined)
      assert.equal((JSON.parse(await readFile(file, 'utf8')) as { pid: number }).pid, process.pid)
      await truncate(file)
    }
  })
})

describe('tools', () => {
  test('a missing one is named with the command that installs it', async () => {
    await assert.rejects(needTool('c++', ['no-such-compiler'], 'compile'), { code: 'setup-failed', message: /no-such-compiler is needed to compile .* install it with: / })
    assert.equal(await onPath('no-such-program'), undefined)
  })

  test('a failing one is shown with its last words', async () => {
    await assert.rejects(runTool('sh', ['-c', 'echo why >&2; exit 3'], 'trying'), { code: 'setup-failed', message: /trying failed \(sh\): why/ })
  })
})
