/** The loop that adds up check sums, in WebAssembly SIMD, 64 bytes at a time. */
import { doWhile, func, i32, i32x4, sequence, set, v128, value } from './assembler.ts'
import { TURN_BYTES, VECTOR_BYTES } from './layout.ts'

/**
 * Adds the 32-bit words from address `from` up to `to` to 16 sums, and after each 16 words these sums to 16 sums of sums, so that the place of a word counts too: Fletcher's check sums of
 * 16 lanes, modulo 2^32. They are taken from `state` and left there. Source: Fletcher, An arithmetic checksum for serial transmissions, 1982.
 */
export const sum = func({
  params: ['from', 'to', 'state'],
  ints: [],
  vectors: ['a0', 'a1', 'a2', 'a3', 'b0', 'b1', 'b2', 'b3'],
  body (v) {
    const [sums, sumsOfSums] = [[v.a0, v.a1, v.a2, v.a3], [v.b0, v.b1, v.b2, v.b3]] as const
    const kept = [...sums, ...sumsOfSums].map((variable, index) => [variable, index * VECTOR_BYTES] as const)
    return sequence(
      kept.flatMap(([variable, offset]) => set(variable, v128.load(v.state, offset))),
      doWhile(i32.ltU(v.from, v.to),
        sums.flatMap((one, index) => set(one, i32x4.add(one, v128.load(v.from, index * VECTOR_BYTES)))),
        sumsOfSums.flatMap((one, index) => set(one, i32x4.add(one, sums[index]!))),
        set(v.from, i32.add(v.from, TURN_BYTES))
      ),
      kept.flatMap(([variable, offset]) => v128.store(v.state, variable, offset)),
      value(v.from)
    )
  },
})
