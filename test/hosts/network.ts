/** Several hosts on one machine: network namespaces on a bridge of their own. Only root may make them, and only Linux has them. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'

export interface Host {
  readonly address: string
  /** Starts a program as if on that host. */
  run (command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess
  /** Nothing reaches it and nothing leaves it, without a word to either side, until `join`. */
  cutOff (): void
  join (): void
}

export interface Network {
  host (name: string): Host
  remove (): void
}

const SUBNET = '10.77.0'
const BRIDGE = 'espalier'

const ip = (...args: string[]): void => { execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] }) }

/** Runs this program again in a network of its own, which goes with it, and gives its exit code; undefined when we are there already. */
export function withinOwnNetwork (mark: string): number | undefined {
  if (process.env[mark] !== undefined) return undefined
  try {
    execFileSync('unshare', ['-n', process.execPath, ...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit', env: { ...process.env, [mark]: '1' } })
    return 0
  } catch (error) {
    return (error as { status?: number | null }).status ?? 1
  }
}

/** Within a network of our own: a bridge that reaches every host. */
export function openNetwork (): Network {
  const made: string[] = []
  ip('link', 'set', 'lo', 'up')
  ip('link', 'add', BRIDGE, 'type', 'bridge')
  ip('addr', 'add', `${SUBNET}.254/24`, 'dev', BRIDGE)
  ip('link', 'set', BRIDGE, 'up')
  return {
    host (name) {
      const space = `espalier-${process.pid}-${name}`
      const [outer, address] = [`esp-${made.length}`, `${SUBNET}.${made.length + 1}`]
      ip('netns', 'add', space)
      made.push(space)
      ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space)
      ip('link', 'set', outer, 'master', BRIDGE, 'up')
      ip('-n', space, 'link', 'set', 'lo', 'up')
      ip('-n', space, 'addr', 'add', `${address}/24`, 'dev', 'eth0')
      ip('-n', space, 'link', 'set', 'eth0', 'up')
      return {
        address,
        run: (command, args, env) => spawn('ip', ['netns', 'exec', space, command, ...args], { env, stdio: ['pipe', 'pipe', 'inherit'] }),
        cutOff () { ip('link', 'set', outer, 'nomaster') },
        join () { ip('link', 'set', outer, 'master', BRIDGE) },
      }
    },
    remove () {
      for (const space of made) execFileSync('ip', ['netns', 'delete', space])
    },
  }
}
