/** One more file out of a good one: parts are changed where they lie, with what is around them right again, or the bytes as they are. */
import { openContainer } from './containers/index.ts'
import { bytesOf, utf8, type Opened, type Part } from './containers/container.ts'
import { havoc, TELLING, type Material } from './havoc.ts'
import type { Random } from './random.ts'

/** A .keras in a zip, its JSON, ...: nothing lies deeper than messages in messages. */
const MAX_DEPTH = 8

/** A mutated file may grow; past this it only takes time. */
const MAX_BYTES = 2 ** 20

const NAMES = ['', '..', '../x', '/x', 'a\\b', '__proto__', 'constructor', 'x'.repeat(2000), '\u0000', 'é', 'config.json', 'x.npy', 'train/x.npy']

/** Texts that take the place of a value. */
const VALUES = ['null', 'true', '-1', '0', '1e999', '9007199254740993', '1.5', '""', '"__proto__"', '[]', '{}', '[[[[1]]]]', '{"__proto__":{"x":1}}', '"\\ud800"', '['.repeat(300), '{"a":'.repeat(300)]

export function mutate (bytes: Uint8Array, random: Random, material: Material): Uint8Array {
  return mutated(bytes, random, material, 0).subarray(0, MAX_BYTES)
}

function mutated (bytes: Uint8Array, random: Random, material: Material, depth: number): Uint8Array {
  const opened = depth < MAX_DEPTH && random.chance(depth === 0 ? 0.75 : 0.85) ? openContainer(bytes) : undefined
  if (opened === undefined || opened.parts.length === 0) return havoc(bytes, random, material)
  const changed = random.chance(0.8) ? withPart(opened, random, material, depth) : withOrder(opened, random, material)
  return opened.close(changed)
}

function withPart ({ parts }: Opened, random: Random, material: Material, depth: number): Part[] {
  const place = random.below(parts.length)
  return parts.map((part, index) => index === place ? { label: part.label, content: contentOf(part, random, material, depth) } : part)
}

function contentOf ({ content }: Part, random: Random, material: Material, depth: number): Part['content'] {
  if (typeof content === 'bigint') return random.chance(0.7) ? random.pick(TELLING) : BigInt.asUintN(64, content + random.pick([1n, -1n, 2n, -2n, 8n, 64n]))
  // Words of a text: another value is more often telling than a changed letter.
  if (content.length < 64 && random.chance(0.4)) return utf8(random.pick(material.words.length > 0 && random.chance(0.5) ? material.words : VALUES))
  return mutated(content, random, material, depth + 1)
}

function withOrder ({ parts }: Opened, random: Random, material: Material): Part[] {
  const list = [...parts]
  const [from, to] = [random.below(list.length), random.below(list.length)]
  switch (random.below(6)) {
    case 0: list.splice(from, 1); break
    case 1: list.splice(to, 0, list[from]!); break
    case 2: list.splice(to, 0, ...list.splice(from, 1)); break
    case 3: list[from] = { label: list[from]!.label, content: list[to]!.content }; break
    case 4: list[from] = { label: random.chance(0.5) ? list[to]!.label : renamed(list[from]!.label, random), content: list[from]!.content }; break
    default: list.splice(to, 0, { label: list[from]!.label, content: typeof list[from]!.content === 'bigint' ? random.pick(TELLING) : havoc(bytesOf(list[from]), random, material) })
  }
  return list
}

/** Tags stay numbers. */
function renamed (label: string, random: Random): string {
  return /^\d+$/.test(label) ? String(8 * (1 + random.below(40)) + random.pick([0, 1, 2, 5])) : random.pick(NAMES)
}
