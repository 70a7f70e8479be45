/** Generates the Prisma client from the schema without Prisma's downloaded engines. */
import { createHash } from 'node:crypto'
import { access, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { Progress } from './progress.ts'
import { runTool } from './tools.ts'

/** Only when the schema changed since the last time. `root` is the project's folder. */
export async function generateClient (root: string, progress: Progress): Promise<void> {
  const generated = path.join(root, 'src/infra/postgres/generated')
  const stamp = path.join(generated, '.schema-sha256')
  const version = (createRequire(import.meta.url)('prisma/package.json') as { version: string }).version
  const wanted = createHash('sha256').update(version).update(await readFile(path.join(root, 'prisma/schema.prisma'))).digest('hex')
  const done = await readFile(stamp, 'utf8').catch(() => '')
  if (done === wanted && await access(path.join(generated, 'client.ts')).then(() => true, () => false)) return
  const step = progress.step('generating the database client')
  const cli = path.join(root, 'node_modules/prisma/build/index.js')
  // `generate` looks for the schema engine's program but does not run it; any file that is there keeps it from downloading one.
  await runTool(process.execPath, [cli, 'generate'], 'generating the database client', {
    cwd: root, env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' },
  })
  await writeFile(stamp, wanted)
  step.end()
}
