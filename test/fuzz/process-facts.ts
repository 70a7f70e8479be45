/** What the system tells of a process: its memory and its time. Nothing where the system is not Linux. */
import { readFileSync } from 'node:fs'

/** Most memory that a process had so far. (ru_maxrss would count that of the process which started it.) Source: proc_pid_status(5), VmHWM. */
export function peakBytes (pid: number | 'self'): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

/** Time that a process was at work, in steps of 10 ms. Source: proc_pid_stat(5), utime and stime. */
export function processorMs (pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return 10 * (Number(fields[11]) + Number(fields[12]))
  } catch {
    return 0
  }
}
