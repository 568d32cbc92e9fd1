import type { ID, Item } from 'yjs'

/**
 * Where units were trimmed: in which seams between those that are still listed. Of all that stood in a seam only the id of
 * the first is kept, because that is what a new unit before the seam has on its right, at replicas that have it still.
 *
 * The id is kept as the `origin` of the item after the seam. What that was is of no use any more: it stood before the seam,
 * or in it, and a scan for the place of a unit that is still to come never goes over a seam, because its author had seen
 * what was trimmed. It also keeps Yjs from making one item of those before and after.
 */
export class Seams {
  /** By client and clock of the first unit that stood in a seam: the item after it, null at the end. */
  private readonly afterByClient = new Map<number, Map<number, Item | null>>()
  /** The seam after the last item. */
  private atEnd: ID | null = null

  /** The id of a seam right before this item, or at the end; null if there is none. */
  before(item: Item | null): ID | null {
    if (item === null) return this.atEnd
    const { origin } = item
    return origin !== null && this.after(origin) === item ? origin : null
  }

  /** The item after the seam of this id, null at its end; undefined if there is no such seam. */
  after({ client, clock }: ID): Item | null | undefined {
    return this.afterByClient.get(client)?.get(clock)
  }

  /** From now on there is this seam before an item, and no other. */
  put(first: ID, item: Item | null): void {
    this.drop(item)
    if (item === null) this.atEnd = first
    else item.origin = first
    const after = this.afterByClient.get(first.client)
    if (after === undefined) this.afterByClient.set(first.client, new Map([[first.clock, item]]))
    else after.set(first.clock, item)
  }

  /** Forgets the seam before an item. */
  drop(item: Item | null): void {
    const first = this.before(item)
    if (first === null) return
    const after = this.afterByClient.get(first.client)
    after?.delete(first.clock)
    if (after?.size === 0) this.afterByClient.delete(first.client)
    if (item === null) this.atEnd = null
  }

  /** What a unit right before this item has on its right. */
  rightOrigin(item: Item | null): ID | null {
    return this.before(item) ?? item?.id ?? null
  }
}
