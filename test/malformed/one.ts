import { CORPUS } from './corpus.ts'
import { outcomeOf } from '../fuzz/read-whole.ts'
import { TARGETS, type TargetName } from '../fuzz/targets.ts'
for (const name of process.argv.slice(2) as TargetName[]) {
  let n = 0
  const t0 = performance.now()
  for (const one of await CORPUS[name]()) {
    n++
    try {
      const bytes = await one.make()
      const begin = performance.now()
      const { outcome, text } = await outcomeOf(TARGETS[name].read, bytes)
      const ms = performance.now() - begin
      if (!one.outcomes.includes(outcome) || ms > 1000 || text.length > 4000) console.log(`${name} | ${one.name} | ${outcome} ${Math.round(ms)}ms len=${text.length} | ${text.slice(0, 200)}`)
      if (process.env.ALL) console.log(`   ${one.name} -> ${outcome}: ${text.slice(0, 110)}`)
    } catch (e) { console.log(`${name} | ${one.name} | THROWN ${(e as Error).stack?.split('\n').slice(0, 4).join(' ')}`) }
  }
  console.log(name, n, Math.round(performance.now() - t0), 'ms')
}
