import type { ReplicaContext } from './context.ts'
import type { ObjectState } from './object-state.ts'
import type { ObjectTable } from './object-table.ts'

/** Between two turns of others so many parts are packed, and one object more: that takes some milliseconds. */
const PARTS_AT_ONCE = 4_000
/** What one object takes besides its parts, in such. */
const PARTS_EACH = 32

/** Looks for objects that nobody uses, a few at a time and round and round, and packs them. */
export class IdlePacker {
  private readonly context: ReplicaContext
  private readonly table: ObjectTable
  private round: Iterator<ObjectState> | undefined
  /** Turns since the round began. */
  private turns = 0

  constructor(context: ReplicaContext, table: ObjectTable) {
    this.context = context
    this.table = table
  }

  /** One of the turns of a round, in which each object is looked at once. */
  turn(turnsOfRound: number, bytesMin: number): void {
    // What a transaction has written it may have to take back.
    if (this.context.transaction !== undefined) return
    if (this.turns === 0) this.round ??= this.table.all()[Symbol.iterator]()
    this.turns = (this.turns + 1) % turnsOfRound
    let parts = 0
    // One more than there are, to see that there are no more.
    const looks = Math.ceil((this.table.size + 1) / turnsOfRound)
    for (let left = looks; left > 0; left--) {
      const next = this.round?.next()
      if (next?.done !== false) {
        this.round = undefined
        return
      }
      const packed = next.value.packIfIdle(bytesMin)
      if (packed > 0) parts += packed + PARTS_EACH
      if (parts >= PARTS_AT_ONCE) return
    }
  }
}
