/** What a job would fail with, gathered instead of thrown. */
import { EspalierError } from '../../errors.ts'

/** What `make` gives; null where it throws what the job would fail with, which joins the refusals. A fault of this program is thrown on. */
export async function attempt<T> (refusals: EspalierError[], make: () => T | Promise<T>): Promise<T | null> {
  try {
    return await make()
  } catch (thrown) {
    const error = EspalierError.from(thrown)
    if (error.code === 'internal') throw error
    refusals.push(error)
    return null
  }
}
