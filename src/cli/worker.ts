/** `npm run worker`: the worker role alone. */
import { setPriority } from 'node:os'
import { runRole } from './role.ts'

/** Behind the API and the database on the same machine, before the engine processes. */
const PRIORITY = 10

setPriority(PRIORITY)

await runRole('worker', async (config) => {
  // Imported late: the database client it needs may only just have been generated.
  const { runWorker } = await import('../worker/index.ts')
  return await runWorker(config)
})
