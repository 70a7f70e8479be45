/** `npm run worker`: the worker role alone. */
import { standBehind } from '../worker/priority.ts'
import { runRole } from './role.ts'

/** Behind the API and the database on the same machine, before the engine processes. */
const PRIORITY = 10

standBehind(PRIORITY)

await runRole('worker', async (config) => {
  // Imported late: the database client it needs may only just have been generated.
  const { runWorker } = await import('../worker/index.ts')
  return await runWorker(config)
})
