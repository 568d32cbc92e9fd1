import { counter } from '@joinery/crdt-objects'
import { createPeer } from '@joinery/peer'

// A write that nobody else has dies with its process; a flushed one does not.
const clusterKey = 'a secret of this cluster'
const first = await createPeer({ clusterKey })
const second = await createPeer({ clusterKey, bootstrap: first.addresses })
const mine = await first.space('shop')
const theirs = await second.space('shop')

const orders = await mine.open('orders', counter())
orders.add(1)
await mine.flush({ replicas: 2 }) // held by the second peer too
orders.add(1) // held by the first alone
await first.stop({ deadlineMs: 0 }) // at once, as a crash would; without the option it hands over first

const left = await theirs.open('orders', counter())
console.log(`2 written, ${left.value} left`) // 2 written, 1 left
await second.stop()
