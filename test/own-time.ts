const tickMs = 10
/** So much of the time between two ticks counts, at the most: a busy machine is late by less. */
const countedMsMax = 50

let passedMs = 0
let lastMs = performance.now()
let ticking: NodeJS.Timeout | undefined

function tick(): void {
  const nowMs = performance.now()
  passedMs += Math.min(nowMs - lastMs, countedMsMax)
  lastMs = nowMs
}

/**
 * The time that this process was able to use, in ms: a machine that stands still, or leaves it waiting, adds next to
 * nothing. How long something took is judged by this clock: what waits for a timer or for others takes as long by it as by
 * any other, and no test fails for what the machine did meanwhile.
 */
export function ownMs(): number {
  ticking ??= setInterval(tick, tickMs).unref()
  tick()
  return passedMs
}
