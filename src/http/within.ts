/** Answers that come in time, or not at all. */

/** The result of `work`; rejects when it takes longer. It goes on all the same, and its failure is nobody's. */
export async function within<T> (milliseconds: number, work: Promise<T>): Promise<T> {
  work.catch(() => {}) // may come after the time is up
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => { reject(new Error(`no answer within ${milliseconds} ms`)) }, milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
