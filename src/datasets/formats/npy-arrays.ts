/** Arrays in a zip by their names: which are features and which targets, of which part. */
import { sliceOf, type ByteSource } from '../../models/bytes.ts'
import type { ZipEntry } from '../../models/zip.ts'
import type { DatasetFile, Split } from '../dataset.ts'
import { forwardSource } from '../forward-source.ts'
import { assertAlike, classesOf, invalid, splitOf, type NamedArray } from './format.ts'
import { headerBytes, parseNpyHeader } from './npy-header.ts'

type Role = 'features' | 'targets'
type Part = 'all' | 'train' | 'test'

interface ParsedName { readonly role: Role, readonly part: Part, readonly order: number }

const ROLES: Readonly<Record<string, Role>> = {
  x: 'features', features: 'features', images: 'features', inputs: 'features', data: 'features', y: 'targets', labels: 'targets', targets: 'targets', target: 'targets', outputs: 'targets',
}

export const CONVENTION = 'x and y, or x_train, y_train, x_test and y_test (several inputs or outputs: x_0, x_1, ...)'

/** An array's entry with the name that says what it is, without `.npy`. */
export interface NamedEntry { readonly name: string, readonly entry: ZipEntry }

/** The data set that the arrays make; `what` is the file in messages ("the npz"). Throws `invalid-dataset` unless features and targets go together. */
export async function readNamedArrays (format: string, what: string, named: readonly NamedEntry[]): Promise<DatasetFile> {
  const needs = () => `${what} holds ${namesOf(named)}; it needs ${CONVENTION}`
  const found = named.flatMap(({ name, entry }) => {
    const parsed = parseName(name)
    return parsed === undefined ? [] : [{ entry, ...parsed }]
  })
  const arrays = (part: Part, role: Role) => found.filter((one) => one.part === part && one.role === role).sort((a, b) => a.order - b.order).map(({ entry }) => entry)
  const read = async (part: Part): Promise<Split | undefined> => {
    const [features, targets] = [arrays(part, 'features'), arrays(part, 'targets')]
    if (features.length === 0 && targets.length === 0) return undefined
    if (features.length === 0 || targets.length === 0) throw invalid(needs())
    return splitOf(await Promise.all(features.map(openArray)), await Promise.all(targets.map(openArray)))
  }
  const [all, train, test] = [await read('all'), await read('train'), await read('test')]
  if (all === undefined && train === undefined && test === undefined) throw invalid(needs())
  if (all !== undefined && (train !== undefined || test !== undefined)) throw invalid(`${what} holds ${namesOf(named)}: both whole and split data; it needs ${CONVENTION}`)
  assertAlike(train, test)
  const classes = await classesOf([all, train, test])
  return { format, splits: { ...(all && { all }), ...(train && { train }), ...(test && { test }) }, ...(classes !== undefined && { classes }) }
}

/** `x`, `y_test`, `test_labels`, `x_1_train`, ...; undefined for arrays that mean nothing here. */
function parseName (name: string): ParsedName | undefined {
  const words = name.toLowerCase().replace(/^([a-z]+)(\d+)/, '$1_$2').split('_')
  const part = words.find((word) => word === 'train' || word === 'test') as Part | undefined
  const rest = words.filter((word) => word !== part)
  const role = Object.hasOwn(ROLES, rest[0] ?? '') ? ROLES[rest[0]!] : undefined
  if (role === undefined || rest.length > 2 || words.length - rest.length > 1) return undefined
  if (rest.length === 2 && !/^\d{1,3}$/.test(rest[1]!)) return undefined
  return { role, part: part ?? 'all', order: Number(rest[1] ?? 0) }
}

async function openArray (entry: ZipEntry): Promise<NamedArray> {
  const content: ByteSource = entry.method === 'stored' ? await entry.source() : forwardSource(entry.size, entry.stream)
  const header = parseNpyHeader(await content.read(0, headerBytes(content.size)), entry.name)
  if (header.offset + header.bytes !== content.size) {
    throw invalid(`${entry.name}: the shape [${header.shape.join(', ')}] of ${header.type} takes ${header.bytes} bytes, the file has ${content.size - header.offset}`, { array: entry.name })
  }
  return { name: entry.name, array: { ...header, forward: entry.method !== 'stored', data: sliceOf(content, header.offset, header.bytes) } }
}

function namesOf (named: readonly NamedEntry[]): string {
  return named.slice(0, 10).map(({ name }) => name).join(', ') + (named.length > 10 ? ` and ${named.length - 10} more` : '')
}
