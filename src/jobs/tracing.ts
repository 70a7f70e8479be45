/** What the use cases need of a tracing system: spans with parents, and no library's types. */

/** Of W3C: a `traceparent`, and where there is one a semicolon and the `tracestate`. */
export type TraceContext = string

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

export interface Span {
  /** To give to whoever goes on with it, in another process too; undefined while nothing is traced. */
  readonly context: TraceContext | undefined
  /** To find it by, beside the line of a log; undefined while nothing is traced. */
  readonly traceId: string | undefined
  set (attributes: Attributes): void
  /** A span below this one. */
  child (name: string, options?: Omit<SpanOptions, 'parent'>): Span
  /** It ended badly; `code` is an error's stable code, never its text. */
  fail (code: string): void
  /** `at` in milliseconds since 1970; absent: now. */
  end (at?: number): void
}

export interface SpanOptions {
  /** Without one, or with one that is malformed, the span begins a trace. */
  readonly parent?: TraceContext | null | undefined
  readonly kind?: 'internal' | 'server' | 'producer' | 'consumer'
  readonly attributes?: Attributes
  /** Milliseconds since 1970; absent: now. */
  readonly begin?: number
}

export interface Tracing {
  start (name: string, options?: SpanOptions): Span
  /** Sends what was not sent yet, for a moment at most. */
  close (): Promise<void>
}

const NO_SPAN: Span = { context: undefined, traceId: undefined, set () {}, child: () => NO_SPAN, fail () {}, end () {} }

export const NO_TRACING: Tracing = { start: () => NO_SPAN, close: async () => {} }
