/**
 * Two functions measure, and share the range of what they measured: an object of a type of our own.
 *
 *   node --import tsx --conditions=@joinery/source docs/examples/measured-range.ts
 */
import { type HandleOf, map } from '@joinery/crdt-objects'
import { createPeer } from '@joinery/peer'
import { randomBytes } from 'node:crypto'
import { interval } from './interval.ts'

const Ranges = map(interval())

async function measure(ranges: HandleOf<typeof Ranges>, degrees: readonly number[]): Promise<void> {
  await ranges.at('temperature').widen(...degrees)
}

const listen = ['/ip4/127.0.0.1/tcp/0']
const clusterKey = randomBytes(32).toString('hex')
const first = await createPeer({ clusterKey, listen })
const second = await createPeer({ clusterKey, listen, bootstrap: first.addresses })
try {
  const here = await (await first.space('weather')).open('ranges', Ranges)
  const there = await (await second.space('weather')).open('ranges', Ranges)
  await Promise.all([measure(here, [4, 11]), measure(there, [-2, 7])])

  const all = await here.until((ranges) => {
    const range = ranges.get('temperature')
    return range?.low === -2 && range.high === 11
  })
  const range = all.get('temperature')
  console.log(`from ${range?.low} to ${range?.high} degrees`)
} finally {
  await Promise.all([first.stop(), second.stop()])
}
