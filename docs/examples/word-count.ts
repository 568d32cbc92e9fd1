/**
 * Word count. The function below is written once: it runs embedded in a peer and through a gateway.
 *
 *   node --import tsx --conditions=@joinery/source docs/examples/word-count.ts
 */
import { connect } from '@joinery/client'
import { type HandleOf, type Spaces, counter, map } from '@joinery/crdt-objects'
import { createPeer } from '@joinery/peer'
import { randomBytes } from 'node:crypto'

const Words = map(counter())

async function countWords(words: HandleOf<typeof Words>, text: string): Promise<void> {
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) await words.at(word).add(1)
}

async function worker(spaces: Spaces, part: string): Promise<void> {
  const space = await spaces.space('word-count')
  await countWords(await space.open('words', Words), part)
  await space.flush({ replicas: 2 })
}

const parts = [
  'the share that a joint takes is the share that it was cut for',
  'a joint holds without glue or nails, and that is the point of it',
]

const listen = ['/ip4/127.0.0.1/tcp/0']
const clusterKey = randomBytes(32).toString('hex')
const first = await createPeer({ clusterKey, listen, gateway: { port: 0 } })
const second = await createPeer({ clusterKey, listen, bootstrap: first.addresses })
const client = await connect(first.gatewayUrl)
try {
  await Promise.all([worker(second, parts[0]!), worker(client, parts[1]!)])
  const words = await (await second.space('word-count')).open('words', Words)
  // What came through the gateway is on its way to this replica, or here already.
  const counts = await words.until((value) => value.get('the') === 3 && value.get('it') === 2)
  const ranking = [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b))
  for (const [word, count] of ranking.slice(0, 5)) console.log(`${count} ${word}`)
} finally {
  await client.close()
  await second.stop()
  await first.stop()
}
