import { sequence } from '@joinery/consensus'
import type { Spaces } from '@joinery/crdt-objects'

/** A number for each order, none twice. */
export async function numbered<O>(spaces: Spaces, orders: readonly O[]): Promise<Map<number, O>> {
  const numbers = await (await spaces.space('shop')).open('orders', sequence({ first: 1000 }))
  if (orders.length === 0) return new Map()
  const { first } = await numbers.reserve(orders.length)
  return new Map(orders.map((order, i) => [first + i, order]))
}
