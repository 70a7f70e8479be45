/** How far a process stands behind others of the machine when they want the processor. */
import { readFileSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'

/** Linux' file of the group that a session of processes forms for its scheduler; absent elsewhere. */
const GROUP = '/proc/self/autogroup'

/**
 * Sets the nice value (0 to 19) of this process and of threads that start later. Where Linux gives sessions equal shares of the processors (sched(7), autogroups), nice values count within a session alone: the session
 * gets the same value when it is this process' own, and is left as it is when it is somebody's terminal.
 */
export function standBehind (nice: number): void {
  setPriority(nice)
  try {
    if (isSessionLeader()) writeFileSync(GROUP, String(nice))
  } catch {
    // There are no sessions or no groups here; a container has its share from who runs it.
  }
}

/** By the sixth field of proc_pid_stat(5); the second is in brackets and may hold anything. */
function isSessionLeader (): boolean {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]) === process.pid
}
