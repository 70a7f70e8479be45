/** Compiled steps compute what the same functions compute eagerly, keep their order, and refuse what cannot be compiled. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-node-gpu'
import { nativeBackend } from '../../src/engine/compile/native.ts'
import { createProgram, type Program, type Step } from '../../src/engine/compile/program.ts'
import { randomSource } from '../../src/engine/compile/random.ts'
import { activeRecorder } from '../../src/engine/compile/recorder.ts'
import { encodeSavedModel } from '../../src/engine/compile/proto.ts'

const values = (tensor: tf.Tensor) => [...tensor.dataSync()]
const refused = (run: () => void, pattern: RegExp) => { assert.throws(run, (error: { code?: string, message: string }) => error.code === 'invalid-step' && pattern.test(error.message)) }

function withProgram (state: Record<string, tf.Variable>, functions: Record<string, Step>, use: (program: Program) => void): void {
  const program = createProgram(state, functions)
  try {
    use(program)
  } finally {
    program.dispose()
    tf.dispose(Object.values(state))
  }
}

describe('a compiled step', () => {
  test('updates its state and gives its outputs as the eager function does', () => {
    const step = (w: tf.Variable): Step => (x) => {
      const y = tf.sum(tf.square(tf.mul(w, x!)))
      w.assign(tf.sub(w, tf.mul(0.1, tf.mul(w, x!))))
      return [y, tf.neg(w)]
    }
    const [eager, compiled] = [tf.variable(tf.tensor1d([1, -2, 3])), tf.variable(tf.tensor1d([1, -2, 3]))]
    withProgram({ w: compiled }, { step: step(compiled) }, (program) => {
      for (let at = 0; at < 5; at++) {
        const x = tf.tensor1d([at, 1, 0.5])
        const [a, b] = [step(eager)(x), program.run('step', [x])]
        a.forEach((one, index) => assert.deepEqual(values(b[index]!), values(one)))
      }
      assert.deepEqual(values(program.read(['w'])[0]!), values(eager))
      assert.deepEqual(values(compiled), [1, -2, 3], 'the variable outside keeps its value')
      assert.equal(program.loads, 1)
    })
  })

  test('is compiled once more for another shape, and the state goes along', () => {
    const sum = tf.variable(tf.scalar(0))
    withProgram({ sum }, { add: (x) => { sum.assign(tf.add(sum, tf.sum(x!))); return [] } }, (program) => {
      program.run('add', [tf.ones([4])])
      program.run('add', [tf.ones([4])])
      assert.equal(program.loads, 1)
      program.run('add', [tf.ones([3])])
      assert.equal(program.loads, 2)
      assert.deepEqual(values(program.read(['sum'])[0]!), [11])
    })
  })

  test('what is fed stays JavaScript\'s: variables that take it over give nothing back on other threads', () => {
    // Without copies of their own, 64 variables that are set at once end the process in one of the first hundreds of rounds.
    const names = Array.from({ length: 64 }, (_, index) => `v${index}`)
    const state = Object.fromEntries(names.map((name) => [name, tf.variable(tf.zeros([257]))]))
    withProgram(state, {
      step () { for (const variable of Object.values(state)) variable.assign(tf.add(variable, 1)); return [] },
      take (...inputs) { names.forEach((name, index) => state[name]!.assign(inputs[index]!)); return [] },
    }, (program) => {
      for (let round = 0; round < 600; round++) {
        const values = names.map(() => tf.tensor1d(new Float32Array(257).fill(round)))
        if (round % 2 === 0) program.write(Object.fromEntries(names.map((name, index) => [name, values[index]!])))
        else program.run('take', values)
        tf.dispose(values)
        program.run('step')
      }
      const [last] = program.read(['v63'])
      assert.ok(last!.dataSync().every((value) => value === 600))
      last!.dispose()
    })
    tf.dispose(Object.values(state))
  })

  test('functions prepared together are one load', () => {
    const w = tf.variable(tf.scalar(2))
    const functions: Record<string, Step> = { double: () => { w.assign(tf.mul(w, 2)); return [] }, value: (x) => [tf.add(w, x!)] }
    withProgram({ w }, functions, (program) => {
      program.prepare({ double: [], value: [{ shape: [], dtype: 'float32' }] })
      program.run('double')
      assert.deepEqual(values(program.run('value', [tf.scalar(1)])[0]!), [5])
      program.write({ w: tf.scalar(10) })
      assert.deepEqual(values(program.run('value', [tf.scalar(1)])[0]!), [11])
      assert.equal(program.loads, 1)
      assert.throws(() => { program.write({ w: tf.ones([2]) }) }, { code: 'shape-mismatch' })
    })
  })

  test('leaks no tensor over 1,000 runs', () => {
    const w = tf.variable(tf.zeros([16]))
    withProgram({ w }, { step: () => { w.assign(tf.add(w, 1)); return [tf.sum(w)] } }, (program) => {
      tf.dispose(program.run('step'))
      const before = tf.memory().numTensors
      for (let at = 1; at < 1000; at++) tf.dispose(program.run('step'))
      assert.equal(tf.memory().numTensors, before)
      tf.tidy(() => { assert.equal(values(program.read(['w'])[0]!)[0], 1000) })
    })
  })
})

describe('operations that update in place', () => {
  const size = 200_000
  /** Adam in place, then a read of what it wrote times a mask: lost without an order. */
  function masked (w: tf.Variable, m: tf.Variable, v: tf.Variable, mask: tf.Variable): Step {
    return () => {
      // A gradient that takes its time: without an order the read is sure to come first.
      const work = tf.fill([600, 600], 1 / 600)
      const one = tf.mean(tf.matMul(tf.matMul(work, work), work)).mul(600)
      activeRecorder()!.applyResource({
        op: 'ResourceApplyAdam',
        attributes: { use_locking: false, use_nesterov: false },
        inputs: [w, m, v, ...[0.9, 0.999, 0.1, 0.9, 0.999, 1e-7].map((value) => tf.scalar(value)), tf.fill([size], 1).mul(one)],
        writes: [w, m, v],
      })
      w.assign(tf.mul(w, mask))
      return []
    }
  }
  const state = () => ({ w: tf.variable(tf.ones([size])), m: tf.variable(tf.zeros([size])), v: tf.variable(tf.zeros([size])), mask: tf.variable(tf.cast(tf.greater(tf.range(0, size), size / 2), 'float32')) })

  test('come before the reads behind them', () => {
    const { w, m, v, mask } = state()
    withProgram({ w, m, v, mask }, { step: masked(w, m, v, mask) }, (program) => {
      for (let at = 0; at < 10; at++) {
        program.write({ w, m, v })
        program.run('step')
        tf.tidy(() => {
          const after = program.read(['w'])[0]!.dataSync()
          // The first step of Adam with a gradient of 1 is the learning rate.
          assert.ok(Math.abs(after[size - 1]! - 0.9) < 1e-5, `run ${at}: ${after[size - 1]}`)
          assert.equal(after[0], 0, 'masked')
        })
      }
    })
  })

  test('lose that order without the control dependencies of the graph', async () => {
    const { mkdtemp, rm, writeFile } = await import('node:fs/promises')
    const { w, m, v, mask } = state()
    const program = createProgram({ w, m, v, mask }, { step: masked(w, m, v, mask) })
    program.prepare({ step: [] })
    const ordered = program.nodes.filter(({ op, name }) => name.startsWith('f0/') && ['ReadVariableOp', 'AssignVariableOp', 'ResourceApplyAdam'].includes(op))
    assert.equal(ordered.filter(({ inputs }) => inputs.some((input) => input.startsWith('^'))).length, 2, 'the read after Adam and the write after that')
    const bare = program.nodes.map((node) => ordered.includes(node) ? { ...node, inputs: node.inputs.filter((input) => !input.startsWith('^')) } : node)
    const folder = await mkdtemp('/tmp/espalier-graph-')
    await writeFile(`${folder}/saved_model.pb`, encodeSavedModel(bare))
    const session = nativeBackend().loadSavedModelMetaGraph(folder, 'serve')
    const run = (inputs: tf.Tensor[], names: string[], outputs: string[]) => nativeBackend().runSavedModel(session, inputs, names.map((name) => ({ name })), outputs)
    let lost = 0
    for (let at = 0; at < 20; at++) {
      for (const [index, variable] of [w, m, v, mask].entries()) run([variable], [`v${index}_${'w m v mask'.split(' ')[index]}/value:0`], [`v${index}_${'w m v mask'.split(' ')[index]}/set:0`])
      run([], [], ['f0/done:0'])
      const after = run([], [], ['v0_w/copy:0'])[0]!.dataSync()
      if (Math.abs(after[size - 1]! - 0.9) > 1e-5 || after[0] !== 0) lost++
    }
    nativeBackend().deleteSavedModel(session)
    program.dispose()
    await rm(folder, { recursive: true })
    assert.ok(lost > 10, `the update or the mask is lost in most of 20 runs, not in ${lost}`)
  })
})

describe('random draws', () => {
  const step = (w: tf.Variable, counter: tf.Variable, seed: number): Step => () => {
    const random = randomSource(seed, counter, 3)
    w.assign(random.uniform([1000]))
    counter.assign(tf.add(counter, tf.scalar(1, 'int32')))
    return [random.normal([1000])]
  }

  test('are the same for one seed, eagerly and compiled, and differ from step to step and seed to seed', () => {
    const runs = [1, 1, 2].map((seed) => {
      const [w, counter] = [tf.variable(tf.zeros([1000])), tf.variable(tf.scalar(0, 'int32'))]
      const outputs: number[][] = []
      withProgram({ w, counter }, { step: step(w, counter, seed) }, (program) => {
        for (let at = 0; at < 2; at++) outputs.push(values(program.run('step')[0]!), values(program.read(['w'])[0]!))
      })
      return outputs
    })
    const [w, counter] = [tf.variable(tf.zeros([1000])), tf.variable(tf.scalar(0, 'int32'))]
    assert.deepEqual(values(step(w, counter, 1)()[0]!), runs[0]![0])
    assert.deepEqual(runs[0], runs[1])
    assert.notDeepEqual(runs[0]![0], runs[0]![2])
    assert.notDeepEqual(runs[0]![0], runs[2]![0])
    const uniform = runs[0]![1]!
    assert.ok(Math.abs(uniform.reduce((sum, value) => sum + value, 0) / 1000 - 0.5) < 0.05)
    assert.ok(Math.min(...uniform) >= 0 && Math.max(...uniform) < 1)
  })
})

describe('a step is refused, with the operation and the tensor,', () => {
  const w = tf.variable(tf.ones([3]), true, 'weight')
  const compile = (step: Step, state: Record<string, tf.Variable> = { w }) => () => { createProgram(state, { step }).prepare({ step: [] }) }

  test('when it reads a tensor from outside', () => {
    const outside = tf.square(tf.tensor1d([1, 2, 3]))
    refused(compile(() => [tf.add(w, outside)]), /Add reads a tensor of float32 \[3\], .*outside the step/)
  })
  test('when it reads a variable that is not declared', () => {
    const other = tf.variable(tf.square(tf.ones([2])), true, 'slot')
    refused(compile(() => [tf.square(other)]), /Square reads the variable "slot" of float32 \[2\]/)
  })
  test('when it reads a value to JavaScript', () => {
    refused(compile(() => [tf.mul(w, tf.sum(w).dataSync()[0]!)]), /reads a value to JavaScript \(of Sum\)/)
  })
  test('when it draws in JavaScript', () => {
    refused(compile(() => [tf.mul(w, tf.randomUniform([3]))]), /"step" is not the same each time .* Mul reads differs/)
  })
  test('when a shape depends on values', () => {
    refused(compile(() => { const backend = nativeBackend(); return backend.executeMultipleOutputs('Where', [{ name: 'T', type: backend.binding.TF_ATTR_TYPE, value: 1 }], [w], 1) }), /Where: the shape of its result depends on values/)
  })
  test('and leaves nothing behind', () => {
    const program = createProgram({ w }, { bad: () => [tf.mul(w, tf.sum(w).dataSync()[0]!)], good: () => [tf.square(w)] })
    assert.throws(() => { program.prepare({ bad: [] }) })
    assert.deepEqual(values(program.run('good')[0]!), [1, 1, 1])
    assert.throws(() => { program.run('none') }, /there is no function "none"; there are bad, good/)
    program.dispose()
  })
})
