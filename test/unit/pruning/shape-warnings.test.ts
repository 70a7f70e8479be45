/** Numbers of channels that a device does not like are named with the nearest that it does. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { lanesOf } from '../../../src/engine/vector-lanes.ts'
import { shapeWarnings, type LayerWidth, type TargetDevice } from '../../../src/pruning/structure/shape-warnings.ts'

const conv = (after: number, before = 64): LayerWidth => ({ layer: 'conv2d_3', type: 'Conv2D', before, after })
const dense = (after: number, before = 512): LayerWidth => ({ layer: 'dense', type: 'Dense', before, after })
const AVX512: TargetDevice = { device: 'cpu', lanes: 16 }
const AVX2: TargetDevice = { device: 'cpu', lanes: 8 }
const GPU: TargetDevice = { device: 'gpu', lanes: 16 }

describe('warnings about shapes', () => {
  test('one sentence with the layer, its channels, the multiple and the nearest number', () => {
    assert.deepEqual(shapeWarnings([conv(37)], AVX2), ['conv2d_3 has 37 channels left: multiples of 8 run fastest here, 40 is the nearest (roundTo: 8)'])
    assert.deepEqual(shapeWarnings([conv(37)], AVX512), ['conv2d_3 has 37 channels left: multiples of 16 run fastest here, 32 is the nearest (roundTo: 16)'])
    assert.deepEqual(shapeWarnings([conv(37)], GPU), ['conv2d_3 has 37 channels left: multiples of 8 run fastest on GPUs, 40 is the nearest (roundTo: 8)'])
    assert.deepEqual(shapeWarnings([dense(500)], GPU), ['dense has 500 units left: multiples of 8 run fastest on GPUs, 504 is the nearest (roundTo: 8)'])
  })

  test('as was measured: with AVX-512 a number just below a multiple of 16 is as good', () => {
    const warned = [24, 28, 31, 32, 33, 36, 40, 47, 48, 49, 56, 63].filter((after) => shapeWarnings([conv(after)], AVX512).length > 0)
    assert.deepEqual(warned, [24, 28, 33, 36, 40, 49, 56])
    assert.deepEqual([24, 28, 31, 32, 33, 40, 47, 48].filter((after) => shapeWarnings([conv(after)], AVX2).length > 0), [28, 31, 33, 47])
  })

  test('nothing about dense layers on processors, layers that kept theirs, and those that have too few', () => {
    assert.deepEqual(shapeWarnings([dense(500), dense(257)], AVX512), [])
    assert.deepEqual(shapeWarnings([conv(37, 37)], AVX512), [])
    assert.deepEqual(shapeWarnings([conv(3, 6)], GPU), [])
    assert.deepEqual(shapeWarnings([{ layer: 'norm', type: 'BatchNormalization', before: 64, after: 37 }, { layer: 'odd', before: 64, after: 37 }], GPU), [])
    assert.deepEqual(shapeWarnings([conv(37)], { device: 'cpu' }), [])
  })

  test('the number that is named is a multiple, nearest, and one that the layer can have', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 600 }), fc.constantFrom(AVX512, AVX2, GPU), (a, b, device) => {
      const [after, before] = [Math.min(a, b), Math.max(a, b)]
      for (const warning of shapeWarnings([conv(after, before)], device)) {
        const [, multiple, nearest] = /multiples of (\d+) .*, (\d+) is the nearest/.exec(warning)!.map(Number) as [number, number, number]
        assert.ok(nearest % multiple === 0 && nearest > 0 && nearest <= before && after % multiple !== 0)
        for (let other = multiple; other <= before; other += multiple) assert.ok(Math.abs(other - after) >= Math.abs(nearest - after))
      }
    }))
  })

  test('the width of vectors as Linux tells it', () => {
    const cpuinfo = (flags: string): string => `processor\t: 0\nmodel name\t: avx512f\nflags\t\t: ${flags}\nbugs\t\t: avx512f\n`
    assert.deepEqual(['fpu avx avx2 avx512f avx512dq', 'fpu avx avx2', 'fpu avx', ''].map((flags) => lanesOf(cpuinfo(flags))), [16, 8, undefined, undefined])
    assert.equal(lanesOf(''), undefined)
  })
})
