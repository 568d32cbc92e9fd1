import { type OrderedLog, StrongCaller } from '@joinery/consensus/caller'

/** The longest that a timer runs: beyond, it would fire at once. */
const timerMsMax = 2 ** 31 - 1

/** The strong calls of one client. `unreachableMs`: for how long a call without a time limit goes on asking in vain. */
export function clientCaller(log: OrderedLog, unreachableMs: number): StrongCaller {
  const clock = {
    nowMs: () => performance.now(),
    after: (delayMs: number, task: () => void) => {
      const timer = setTimeout(task, Math.min(delayMs, timerMsMax))
      return () => clearTimeout(timer)
    },
  }
  const ports = { log, clock, random: () => Math.random(), newSession }
  return new StrongCaller(ports, { unreachableMs })
}

function newSession(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
