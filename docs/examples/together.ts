import { counter, log, map } from '@joinery/crdt-objects'
import { createPeer } from '@joinery/peer'

const peer = await createPeer({ clusterKey: 'a secret of this cluster' })
const space = await peer.space('shop')
const stock = await space.open('stock', map(counter()))
const orders = await space.open('orders', log<{ item: string }>())
stock.at('apple').add(2)

space.transact((tx) => {
  tx(stock).at('apple').subtract(1)
  tx(orders).append({ item: 'apple' })
})

try {
  space.transact((tx) => {
    tx(orders).append({ item: 'pear' })
    tx(stock).at('pear').subtract(0.5) // refused: so is the order
  })
} catch (error) {
  console.log((error as Error).message) // a counter subtracts whole numbers, got 0.5
}
console.log(stock.get('apple'), orders.length) // 1 1
await peer.stop()
