/**
 * Shopping carts: a map of structs, whose lines are structs of counters and sets. Two replicas change the same cart at
 * the same time, and both changes are in it.
 *
 *   node --import tsx --conditions=@joinery/source docs/examples/carts.ts
 */
import {
  type HandleOf,
  type ValueOf,
  counter,
  map,
  register,
  set,
  struct,
} from '@joinery/crdt-objects'
import { createPeer } from '@joinery/peer'
import { randomBytes } from 'node:crypto'

const Line = struct({
  quantity: counter(),
  note: register<string>(),
  tags: set<'gift' | 'fragile'>(),
})
const Cart = struct({ owner: register({ initial: '' }), lines: map(Line), coupons: set() })
const Carts = map(Cart)

async function addItem(carts: HandleOf<typeof Carts>, user: string, item: string): Promise<void> {
  const line = carts.at(user).lines.at(item)
  await line.quantity.add(1)
  await line.tags.add('gift')
}

/** Empties what this side has seen of a cart, and returns it. What others add meanwhile stays for the next order. */
async function checkout(
  carts: HandleOf<typeof Carts>,
  user: string,
): Promise<ValueOf<typeof Cart> | undefined> {
  const cart = await carts.get(user)
  for (const item of cart?.lines.keys() ?? []) await carts.at(user).lines.delete(item)
  await carts.at(user).coupons.clear()
  return cart
}

const listen = ['/ip4/127.0.0.1/tcp/0']
const clusterKey = randomBytes(32).toString('hex')
const first = await createPeer({ clusterKey, listen })
const second = await createPeer({ clusterKey, listen, bootstrap: first.addresses })
try {
  const here = await (await first.space('shop')).open('carts', Carts)
  const there = await (await second.space('shop')).open('carts', Carts)

  here.at('ada').owner.set('Ada')
  await Promise.all([addItem(here, 'ada', 'mug'), addItem(there, 'ada', 'mug')])
  there.at('ada').coupons.add('TENTH')

  const whole = (cart: ValueOf<typeof Carts>): boolean => {
    const ada = cart.get('ada')
    return ada?.lines.get('mug')?.quantity === 2 && ada.coupons.size === 1 && ada.owner !== ''
  }
  await Promise.all([here.until(whole), there.until(whole)])
  const order = await checkout(here, 'ada')
  const mugs = order?.lines.get('mug')
  console.log(
    `${order?.owner} ordered ${mugs?.quantity} mugs: ${[...(mugs?.tags ?? [])].join(', ')}`,
  )

  const after = await there.until((carts) => carts.get('ada')?.lines.size === 0)
  console.log(`left in the cart: ${after.get('ada')?.lines.size} lines`)
} finally {
  await second.stop()
  await first.stop()
}
