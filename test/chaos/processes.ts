/** The processes below one, told apart by their command lines. */
import { execFileSync } from 'node:child_process'

export interface RunningProcess { readonly pid: number, readonly parent: number, readonly command: string }

/** All living descendants of `root`, parents first. */
export function descendantsOf (root: number): RunningProcess[] {
  const all = execFileSync('ps', ['-eo', 'pid=,ppid=,stat=,args='], { encoding: 'utf8', maxBuffer: 64 << 20 }).split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((found) => found !== null && !found[3]!.startsWith('Z'))
    .map((found) => ({ pid: Number(found![1]), parent: Number(found![2]), command: found![4]! }))
  const below = new Set([root])
  const found: RunningProcess[] = []
  for (let grew = true; grew;) {
    grew = false
    for (const process of all) {
      if (below.has(process.pid) || !below.has(process.parent)) continue
      below.add(process.pid)
      found.push(process)
      grew = true
    }
  }
  return found
}
