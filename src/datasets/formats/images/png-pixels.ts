/** From the filtered lines of a PNG to pixels of one or three bytes. Source: W3C, Portable Network Graphics, third edition, 7 to 9. */
import { invalid } from '../format.ts'

export interface PngFormat {
  readonly width: number
  readonly height: number
  readonly depth: number
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  readonly colour: number
  /** Numbers of a pixel in the file. */
  readonly samples: number
  readonly interlaced: boolean
}

interface Coloured extends PngFormat {
  readonly palette: Uint8Array | undefined
  /** Of tRNS: alpha of each palette entry, else the one colour that is transparent. */
  readonly transparency: Uint8Array | undefined
}

/** Lines of every `step`-th pixel of every `rise`-th row. */
interface Pass { readonly x: number, readonly y: number, readonly step: number, readonly rise: number }

const WHOLE: readonly Pass[] = [{ x: 0, y: 0, step: 1, rise: 1 }]
const ADAM7: readonly Pass[] = [
  { x: 0, y: 0, step: 8, rise: 8 }, { x: 4, y: 0, step: 8, rise: 8 }, { x: 0, y: 4, step: 4, rise: 8 }, { x: 2, y: 0, step: 4, rise: 4 },
  { x: 0, y: 2, step: 2, rise: 4 }, { x: 1, y: 0, step: 2, rise: 2 }, { x: 0, y: 1, step: 1, rise: 2 },
]

interface Lines extends Pass { readonly columns: number, readonly rows: number, readonly lineBytes: number }

function passesOf ({ width, height, depth, samples, interlaced }: PngFormat): Lines[] {
  return (interlaced ? ADAM7 : WHOLE).map((pass) => {
    const [columns, rows] = [Math.ceil((width - pass.x) / pass.step), Math.ceil((height - pass.y) / pass.rise)]
    return { ...pass, columns, rows, lineBytes: Math.ceil(columns * samples * depth / 8) }
  }).filter(({ columns, rows }) => columns > 0 && rows > 0)
}

/** Bytes after inflating: each line begins with the number of its filter. */
export function scanlineBytes (format: PngFormat): number {
  return passesOf(format).reduce((sum, { rows, lineBytes }) => sum + rows * (1 + lineBytes), 0)
}

/** The pixels without alpha, which must be opaque everywhere. Throws `invalid-dataset` naming the file. `lines` is overwritten. */
export function opaquePixels (lines: Uint8Array, format: Coloured, name: string): Uint8Array {
  const samples = samplesOf(lines, format, name)
  const { colour, width } = format
  const channels = colour === 0 || colour === 4 ? 1 : 3
  const count = samples.length / format.samples
  // Nothing to look up, leave out or spread: the samples are the pixels, of which there may be many.
  if (colour === 2 && format.transparency === undefined) return samples
  const pixels = new Uint8Array(count * channels)
  const alpha = alphaOf(format, name)
  for (let pixel = 0; pixel < count; pixel++) {
    const from = pixel * format.samples
    if (alpha !== undefined && alpha(samples, from) !== 255) {
      throw invalid(`${name}: the pixel at ${pixel % width}, ${Math.floor(pixel / width)} is transparent; put such images on a background and save them without alpha`, { file: name })
    }
    if (format.palette !== undefined && colour === 3) {
      const entry = samples[from]! * 3
      if (entry >= format.palette.length) throw invalid(`${name}: colour ${entry / 3} of a palette of ${format.palette.length / 3}`, { file: name })
      pixels.set(format.palette.subarray(entry, entry + 3), pixel * 3)
    } else {
      for (let channel = 0; channel < channels; channel++) pixels[pixel * channels + channel] = samples[from + channel]!
    }
  }
  return channels === 1 && format.depth < 8 ? pixels.map((value) => value * 255 / (2 ** format.depth - 1)) : pixels
}

/** Alpha of the pixel whose samples begin at `from`; undefined where every pixel is opaque. */
function alphaOf ({ colour, samples: width, palette, transparency, depth }: Coloured, name: string): ((samples: Uint8Array, from: number) => number) | undefined {
  if (colour === 3 && (palette === undefined || palette.length === 0 || palette.length % 3 !== 0 || palette.length > 768)) throw invalid(`${name}: has no palette of 1 to 256 colours`, { file: name })
  if (colour === 4 || colour === 6) return (samples, from) => samples[from + width - 1]!
  if (transparency === undefined) return undefined
  if (colour === 3) return (samples, from) => transparency[samples[from]!] ?? 255
  // Of the 16 bits of each sample the lowest count.
  const key = Array.from({ length: width }, (_, sample) => transparency[2 * sample + 1]! & (2 ** depth - 1))
  return (samples, from) => key.every((value, sample) => samples[from + sample] === value) ? 0 : 255
}

/** One byte for each sample, in the order of the pixels. */
function samplesOf (lines: Uint8Array, format: PngFormat, name: string): Uint8Array {
  const { width, height, depth, samples } = format
  const result = new Uint8Array(width * height * samples)
  const [perByte, mask] = [8 / depth, 2 ** depth - 1]
  let at = 0
  for (const { x, y, step, rise, columns, rows, lineBytes } of passesOf(format)) {
    unfilter(lines.subarray(at, at + rows * (1 + lineBytes)), lineBytes, Math.max(1, samples * depth / 8), name)
    for (let row = 0; row < rows; row++) {
      const line = at + row * (1 + lineBytes) + 1
      for (let column = 0; column < columns; column++) {
        const to = ((y + row * rise) * width + x + column * step) * samples
        for (let sample = 0; sample < samples; sample++) {
          const from = column * samples + sample
          result[to + sample] = depth === 8 ? lines[line + from]! : lines[line + Math.floor(from / perByte)]! >> (8 - depth * (from % perByte + 1)) & mask
        }
      }
    }
    at += rows * (1 + lineBytes)
  }
  return result
}

/** Undoes the filters in place: bytes are stored as differences to the byte of the pixel left of them, above, or both. */
function unfilter (lines: Uint8Array, lineBytes: number, pixelBytes: number, name: string): void {
  for (let start = 0; start < lines.length; start += 1 + lineBytes) {
    const filter = lines[start]!
    if (filter > 4) throw invalid(`${name}: a line has the filter ${filter}; there are 0 to 4`, { file: name })
    if (filter === 0) continue
    for (let index = 0; index < lineBytes; index++) {
      const at = start + 1 + index
      const left = index >= pixelBytes ? lines[at - pixelBytes]! : 0
      const above = start > 0 ? lines[at - 1 - lineBytes]! : 0
      const aboveLeft = start > 0 && index >= pixelBytes ? lines[at - 1 - lineBytes - pixelBytes]! : 0
      lines[at] = lines[at]! + (filter === 1 ? left : filter === 2 ? above : filter === 3 ? (left + above) >> 1 : paeth(left, above, aboveLeft))
    }
  }
}

/** The neighbour that is nearest to left + above - aboveLeft. */
function paeth (left: number, above: number, aboveLeft: number): number {
  const guess = left + above - aboveLeft
  const [toLeft, toAbove, toAboveLeft] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - aboveLeft)]
  if (toLeft <= toAbove && toLeft <= toAboveLeft) return left
  return toAbove <= toAboveLeft ? above : aboveLeft
}
