const tasksBySignal = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Runs `task` when the signal fires; gives what prevents it. A session can hold thousands of things at once: its signal
 * has one listener for all of them, as a platform may warn of many.
 */
export function onAbort(signal: AbortSignal, task: () => void): () => void {
  let tasks = tasksBySignal.get(signal)
  if (tasks === undefined) {
    const all = new Set<() => void>()
    tasks = all
    tasksBySignal.set(signal, all)
    const runAll = (): void => {
      for (const run of [...all]) run()
      all.clear()
    }
    signal.addEventListener('abort', runAll, { once: true })
  }
  const mine = tasks
  mine.add(task)
  return () => mine.delete(task)
}
