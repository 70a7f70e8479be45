/** Where an image lies says what it is: the folder it lies in is its class, `train` or `test` above that its part. */
import type { ZipEntry } from '../../../models/zip.ts'
import { invalid } from '../format.ts'
import { byCodePoints } from '../table.ts'

export type Part = 'all' | 'train' | 'test'

export interface PlacedImage { readonly entry: ZipEntry, readonly part: Part, readonly className: string }

const PART = /^(train|test)$/i

/** The images by part, class and name. Throws `invalid-dataset` when folders are not of this form. */
export function placeImages (entries: readonly ZipEntry[]): PlacedImage[] {
  const images = entries.map((entry) => ({ entry, ...placeOf(entry.name) }))
  const first = images[0]!
  for (const { entry, part, prefix } of images) {
    if (prefix === first.prefix && (part === 'all') === (first.part === 'all')) continue
    throw invalid(`${first.entry.name} and ${entry.name} lie in different ways: folders are CLASS/, or train/CLASS/ and test/CLASS/, all at the same depth`, { files: [first.entry.name, entry.name] })
  }
  if (images.every(({ part, className }) => part === 'all' && PART.test(className))) {
    throw invalid(`${first.entry.name} lies in ${first.className}/ without a folder of its class: train/CLASS/ and test/CLASS/ are looked for`, { file: first.entry.name })
  }
  return images.sort((a, b) => byCodePoints(a.part, b.part) || byCodePoints(a.className, b.className) || byCodePoints(a.entry.name, b.entry.name))
}

function placeOf (name: string): { part: Part, className: string, prefix: string } {
  const folders = name.split('/').slice(0, -1)
  const className = folders.pop()
  if (className === undefined) throw invalid(`${name} lies in no folder; each class has a folder with its images`, { file: name })
  const part = PART.test(folders.at(-1) ?? '') ? folders.pop()!.toLowerCase() as Part : 'all'
  return { part, className, prefix: folders.join('/') }
}
