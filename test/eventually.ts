import './quick-assert.ts'
import { ownMs } from './own-time.ts'

/**
 * Polls until `check` returns without throwing, and gives its answer; after `timeoutMs` throws what it last threw. That
 * ends what hangs: a busy machine takes some seconds for what takes none otherwise. What the machine stands still does
 * not count: it would be looked at once more only, before anything of what was waited for could have happened.
 */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs = 30_000): Promise<T> {
  const deadline = ownMs() + timeoutMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (ownMs() > deadline) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
