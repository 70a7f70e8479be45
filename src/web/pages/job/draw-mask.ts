/** Draws a window of a mask, a pixel a cell; the page makes it as large as there is room. */
import type { Mask } from '../../api/weights.ts'

export function drawMask (canvas: HTMLCanvasElement, { down, across, shares }: Mask): void {
  canvas.width = across
  canvas.height = down
  const context = canvas.getContext('2d')
  if (context === null) return
  const [gone, kept] = [color('--mask-gone'), color('--mask-kept')]
  const image = context.createImageData(across, down)
  for (let cell = 0; cell < down * across; cell++) {
    const share = (shares[cell] ?? 0) / 255
    for (let part = 0; part < 3; part++) image.data[4 * cell + part] = gone[part]! + (kept[part]! - gone[part]!) * share
    image.data[4 * cell + 3] = 255
  }
  context.putImageData(image, 0, 0)
}

/** A token of the form #rrggbb as numbers. */
function color (token: string): readonly number[] {
  const text = getComputedStyle(document.documentElement).getPropertyValue(token).trim()
  return [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16))
}
