/** `npm start`: the whole service on this machine; one Ctrl-C stops all of it, a second one does not wait for what runs. */
import { readConfig } from '../config.ts'
import { startAll } from '../infra/embedded/index.ts'
import { report } from './report.ts'

try {
  const running = await startAll(readConfig(), { log: (line) => { console.log(line) } })
  console.log(`Espalier is ready at ${running.url} (API description: ${running.url}/docs); Ctrl-C stops it`)
  let stopping = false
  const end = (): void => {
    if (stopping) {
      const { worker } = running.pids()
      if (worker !== undefined) process.kill(worker, 'SIGTERM')
      return
    }
    stopping = true
    console.log('stopping ...')
    running.stop().catch(report).finally(() => process.exit())
  }
  process.on('SIGINT', end).on('SIGTERM', end).on('SIGHUP', end)
} catch (error) {
  report(error)
}
