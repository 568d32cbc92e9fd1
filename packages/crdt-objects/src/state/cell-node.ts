import type { BatchWriter } from '../codec/batch-writer.ts'
import type { CellDelta, Dot, Kills, Payload } from './dots.ts'
import {
  KILL_BYTES,
  NO_KILLS,
  applyCell,
  encodeCell,
  encodeCellDelta,
  joinCell,
  kill,
  reissueCell,
  sameCell,
  visitDots,
} from './dots.ts'
import type { ReplicaContext } from './context.ts'
import { SELF } from './context.ts'
import type { Incoming, Parent } from './node.ts'
import type { Reissue } from './reissue.ts'
import { Node } from './node.ts'

/** Roughly what an update that is made again takes in a batch. */
const REISSUE_BYTES = 64

/** A place that is one cell of dots. */
export abstract class CellNode extends Node<CellDelta, Dot | undefined> {
  head: Dot | undefined
  private kills: Kills = NO_KILLS
  private readonly payload: Payload

  constructor(context: ReplicaContext, parent: Parent, key: string, payload: Payload) {
    super(context, parent, key)
    this.payload = payload
  }

  protected isPresent(): boolean {
    return this.head !== undefined
  }

  isVacant(): boolean {
    return this.head === undefined && this.kills.length === 0
  }

  /** One operation: replaces all that is observed by one new dot; `takesAway` where users see something go by it. */
  protected assign(value: unknown, bytes: number, takesAway = false): void {
    const seq = takesAway ? this.context.nextOfRemoval() : this.context.next()
    const stamp = this.payload.stamped ? this.context.clock.next() : 0
    if (this.context.transaction !== undefined) this.rememberCell()
    this.kills = kill(this.context, this.head, this.kills)
    this.head = { replica: SELF, seq, stamp, value, next: undefined }
    this.finish(bytes)
  }

  /** One operation: removes all that is observed. */
  protected clear(): void {
    if (this.head === undefined) return
    this.context.nextOfRemoval()
    this.reset()
    this.finish(0)
  }

  private finish(bytes: number): void {
    this.markDirty(bytes + 8)
    this.refreshPresence()
    this.notify()
    this.context.operationDone()
  }

  private rememberCell(): void {
    const { head, kills } = this
    this.onUndo(() => {
      this.head = head
      this.kills = kills
    })
  }

  reset(): void {
    if (this.context.transaction !== undefined) this.rememberCell()
    this.kills = kill(this.context, this.head, this.kills)
    this.head = undefined
    this.markDirty(8)
    this.refreshPresence()
  }

  resetBytes(): number {
    return KILL_BYTES
  }

  encodeDelta(batch: BatchWriter): void {
    encodeCellDelta(batch, this.payload, this.head, this.kills)
  }

  protected clearDelta(): void {
    this.kills = NO_KILLS
  }

  apply(delta: CellDelta, incoming: Incoming): void {
    this.head = applyCell(this.head, delta, incoming)
    this.refreshPresence()
    this.notify()
  }

  reissue(delta: CellDelta, again: Reissue): boolean {
    const cell = { head: this.head, kills: this.kills }
    const { head, kills } = reissueCell(cell, delta, again)
    this.head = head
    this.kills = kills
    this.markDirty(REISSUE_BYTES)
    this.refreshPresence()
    this.notify()
    return true
  }

  encodeWhole(batch: BatchWriter): void {
    encodeCell(batch, this.payload, this.head)
  }

  join(whole: Dot | undefined, incoming: Incoming): void {
    const joined = joinCell(this.context, this.head, whole, incoming)
    const same = sameCell(this.head, joined)
    this.head = joined
    this.refreshPresence()
    if (!same) this.notify()
  }

  visitReplicas(visit: (index: number) => void): void {
    visitDots(this.head, this.kills, visit)
  }
}
