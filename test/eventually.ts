/**
 * Polls until `check` returns without throwing, and gives its answer; after `timeoutMs` throws what it last threw. That
 * ends what hangs: a busy machine takes some seconds for what takes none otherwise.
 */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs = 30_000): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
