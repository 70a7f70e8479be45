/** Gives a file to the browser to keep. */
export function saveAs (blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser has begun to read it by then.
  setTimeout(() => { URL.revokeObjectURL(url) }, 60_000)
}
