import { counter, map } from '@joinery/crdt-objects'
import { createPeer } from '@joinery/peer'

// Deleted by one while another adds: what the deleter had seen goes, what it had not seen stays.
const clusterKey = 'a secret of this cluster'
const first = await createPeer({ clusterKey })
const second = await createPeer({ clusterKey, bootstrap: first.addresses })
const mine = await first.space('shop')
const theirs = await second.space('shop')
const stock = await mine.open('stock', map(counter()))
const same = await theirs.open('stock', map(counter()))

stock.at('apples').add(10)
await mine.flush({ replicas: 2 })
stock.delete('apples') // has seen ten
same.at('apples').add(1) // concurrent: has not seen the removal
await Promise.all([mine.flush({ replicas: 2 }), theirs.flush({ replicas: 2 })])

console.log(stock.get('apples'), same.get('apples')) // 1 1
await Promise.all([first.stop(), second.stop()])
