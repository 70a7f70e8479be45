/** `npm start`: the whole service on this machine; one Ctrl-C stops all of it. */
import { readConfig } from '../config.ts'
import { startAll } from '../infra/embedded/index.ts'
import { report } from './report.ts'

try {
  const running = await startAll(readConfig(), {
    log: (line) => { console.log(line) },
    onFirstKey: (key) => { console.log(`an admin's key, which is told this once: ${key}`) },
  })
  console.log(`Espalier is ready at ${running.url} (API description: ${running.url}/docs); Ctrl-C stops it`)
  let stopping = false
  const end = (): void => {
    if (stopping) return
    stopping = true
    console.log('stopping ...')
    running.stop().catch(report).finally(() => process.exit())
  }
  process.on('SIGINT', end).on('SIGTERM', end).on('SIGHUP', end)
} catch (error) {
  report(error)
}
