/** Skips the running test or suite and says why: with REQUIRE_ALL=1 the report fails and prints the reason. */
export function skip(context: Mocha.Context, reason: string): never {
  const runnable = context.runnable()
  const skipped = 'type' in runnable && runnable.type === 'hook' ? runnable.parent : runnable
  Object.assign(skipped ?? runnable, { skipReason: reason })
  return context.skip()
}
