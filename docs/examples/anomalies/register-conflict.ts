import { register } from '@joinery/crdt-objects'
import { createPeer } from '@joinery/peer'

// Two concurrent writers of a register: one is read, the other is shown as a conflict until the next write.
const clusterKey = 'a secret of this cluster'
const first = await createPeer({ clusterKey })
const second = await createPeer({ clusterKey, bootstrap: first.addresses })
const mine = await first.space('shop')
const theirs = await second.space('shop')
const price = await mine.open('price', register<number>())
const same = await theirs.open('price', register<number>())

price.set(10)
same.set(12) // has not seen 10
await Promise.all([mine.flush({ replicas: 2 }), theirs.flush({ replicas: 2 })])

console.log(price.value === same.value, [price.value, ...price.conflicts()].sort()) // true [ 10, 12 ]
await Promise.all([first.stop(), second.stop()])
