/** Reading ahead: the next piece is on its way while one is being used. */

/** The pieces of `pieces`, in order. One more than is used is held; an error comes in its place in the order. */
export async function * ahead<T> (pieces: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = pieces[Symbol.asyncIterator]()
  let next = iterator.next()
  try {
    while (true) {
      const { done, value } = await next
      if (done === true) return
      next = iterator.next()
      next.catch(() => {}) // told where it is awaited
      yield value
    }
  } finally {
    await next.catch(() => {})
    await iterator.return?.()
  }
}
