import { type Local, counter, log, map, register, set, struct } from '@joinery/crdt-objects'
import type { LocalSpace } from '@joinery/peer'

interface Order {
  readonly item: string
  readonly pieces: number
}

export const ShopSchema = struct({
  stock: map(counter()),
  orders: log<Order>(),
  customers: set<string>(),
  motto: register({ initial: 'open' }),
})

export class Shop {
  readonly space: LocalSpace
  readonly state: Local<typeof ShopSchema>

  constructor(space: LocalSpace, state: Local<typeof ShopSchema>) {
    this.space = space
    this.state = state
  }

  deliver(item: string, pieces: number): void {
    this.state.stock.at(item).add(pieces)
  }

  sell(customer: string, item: string, pieces: number): void {
    this.space.transact((tx) => {
      const state = tx(this.state)
      state.stock.at(item).subtract(pieces)
      state.orders.append({ item, pieces })
      state.customers.add(customer)
    })
  }
}
