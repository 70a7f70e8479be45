/** `npm start`: the whole service on this machine; one Ctrl-C stops all of it, a second one does not wait for what runs. */
import { readConfig } from '../config.ts'
import { startAll } from '../infra/embedded/index.ts'
import { createProcessLog, logFormat } from '../telemetry/process-log.ts'
import { prettyLine, recordOf } from '../telemetry/pretty.ts'
import { report } from './report.ts'

try {
  const config = readConfig()
  const log = createProcessLog(config, 'supervisor')
  const text = logFormat(config) === 'text'
  /** Lines of the roles' logs are lines of ours; what they write besides, a crash for one, becomes a line. */
  const output = (line: string): void => {
    if (recordOf(line) === undefined) log.warn({ output: line }, 'a role wrote')
    else process.stdout.write(text ? prettyLine(line) : `${line}\n`)
  }
  /** For the person at the terminal, whatever the log's level. */
  const announcements = createProcessLog({ ...config, logLevel: 'info' }, 'supervisor')
  const say = (line: string): void => {
    if (text) console.log(line)
    else announcements.info(line)
  }
  // The roles write JSON into a pipe; which form the lines take in the end is decided here.
  let firstKey: string | undefined
  const running = await startAll({ ...config, logFormat: 'json' }, { log: (line) => { log.warn(line) }, output, onFirstKey: (key) => { firstKey = key } })
  // Not through the log, which is kept.
  if (firstKey !== undefined) console.log(`an admin's key, which is told this once: ${firstKey}`)
  say(`Espalier is ready at ${running.url} (API description: ${running.url}/docs); Ctrl-C stops it`)
  let stopping = false
  const end = (): void => {
    if (stopping) {
      const { worker } = running.pids()
      if (worker !== undefined) process.kill(worker, 'SIGTERM')
      return
    }
    stopping = true
    say('stopping ...')
    running.stop().catch(report).finally(() => process.exit())
  }
  process.on('SIGINT', end).on('SIGTERM', end).on('SIGHUP', end)
} catch (error) {
  report(error)
}
