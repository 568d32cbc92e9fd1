import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Systems choose ports above these for who asks for any, and for connections. */
const first = 10_000
const end = 32_000
const triesMax = 100

/**
 * A port of loopback that nobody listens on, and that no system gives away by itself: whoever listens there may be killed,
 * and find it again.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < triesMax; tries++) {
    const port = randomInt(first, end)
    if (await isFree(port)) return port
  }
  throw new Error(`none of ${triesMax} ports was free`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
