/** Server-Sent Events out of pieces of text, by the rules of the HTML standard. */
export interface ServerEvent { readonly event: string, readonly data: string, readonly id: string }

/** Gives the messages that each piece of the stream completes. */
export class EventParser {
  #rest = ''
  #event = ''
  #data: string[] = []
  /** The last id that came: where the stream goes on. */
  lastId = ''
  /** Milliseconds to wait before the stream is opened again, when the server has said so. */
  retryMs: number | undefined

  push (piece: string): ServerEvent[] {
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ''
    return lines.flatMap((line) => this.#take(line))
  }

  #take (line: string): ServerEvent[] {
    if (line === '') return this.#complete()
    const at = line.indexOf(':')
    const field = at < 0 ? line : line.slice(0, at)
    const value = at < 0 ? '' : line.slice(at + 1).replace(/^ /, '')
    if (field === 'event') this.#event = value
    if (field === 'data') this.#data.push(value)
    if (field === 'id' && !value.includes('\0')) this.lastId = value
    if (field === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value)
    return []
  }

  #complete (): ServerEvent[] {
    const [event, data] = [this.#event || 'message', this.#data.join('\n')]
    const has = this.#data.length > 0
    this.#event = ''
    this.#data = []
    return has ? [{ event, data, id: this.lastId }] : []
  }
}
