/** Runs the same functions one operation at a time: the reference that the compiled program is tested against. */
import * as tf from '@tensorflow/tfjs-core'
import type { Variable } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import type { Program, Step } from './program.ts'

/** As `createProgram`, without a graph; the values live in the variables themselves. */
export function createEagerProgram (state: Readonly<Record<string, Variable>>, functions: Readonly<Record<string, Step>>): Program {
  function named<T> (table: Readonly<Record<string, T>>, name: string): T {
    const one = table[name]
    if (one === undefined) throw new EspalierError('invalid-step', `there is no "${name}"; there are ${Object.keys(table).join(', ')}`)
    return one
  }

  return {
    run: (name, inputs = []) => tf.tidy(() => [...named(functions, name)(...inputs)]),
    prepare (specs) { for (const name of Object.keys(specs)) named(functions, name) },
    read: (names) => names.map((name) => tf.clone(named(state, name))),
    write (values) { for (const [name, value] of Object.entries(values)) named(state, name).assign(value) },
    loads: 0,
    nodes: [],
    dispose () {},
  }
}
