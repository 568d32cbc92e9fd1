import { invalidValue } from '@joinery/crdt-objects'
import { ObjectRecord } from './object-record.ts'
import { objectsMax } from './protocol/limits.ts'
import type { RecordOf } from './remote-space.ts'
import type { Session } from './session.ts'

/** The objects that a client has opened, each under a number that the gateway knows it by. */
export class ObjectRecords {
  private readonly recordByKey = new Map<string, ObjectRecord>()
  /** Given back. Invariant: with those of `recordByKey` they are all below some number. */
  private readonly freeNumbers: number[] = []
  private readonly session: Session
  private readonly isOver: (space: string) => boolean

  /** `isOver` tells of a space that nobody here has open, or opens. */
  constructor(session: Session, isOver: (space: string) => boolean) {
    this.session = session
    this.isOver = isOver
  }

  /** @throws JoineryError VALUE_INVALID when there are too many. */
  readonly recordOf: RecordOf = (space, name, descriptor) => {
    const key = JSON.stringify([space, name, descriptor])
    let record = this.recordByKey.get(key)
    if (record === undefined) {
      if (this.recordByKey.size >= objectsMax) this.freeLeft()
      if (this.recordByKey.size >= objectsMax) {
        const advice = 'close spaces that are done with, or use a map'
        throw invalidValue(`one client opens at most ${objectsMax} objects: ${advice}`, name)
      }
      // Without a free one, all numbers below are taken.
      const number = this.freeNumbers.pop() ?? this.recordByKey.size
      record = new ObjectRecord(number, space, name, descriptor)
      this.recordByKey.set(key, record)
    }
    return record
  }

  /** Gives the numbers of some back. Nothing of them may be under way. */
  free(isDone: (record: ObjectRecord) => boolean): void {
    for (const [key, record] of this.recordByKey) {
      if (!isDone(record)) continue
      this.recordByKey.delete(key)
      this.freeNumbers.push(record.number)
      this.session.targets.forget(record)
    }
  }

  /**
   * Those of spaces that were closed: handles there take no calls any more. What is still under way would be sent again
   * under numbers that are another's. Those of inspections have no descriptor, and are of spaces that were never open.
   */
  private freeLeft(): void {
    const busy = this.session.busySpaces
    const isDone = new Map<string, boolean>()
    this.free(({ space, descriptor }) => {
      if (descriptor === '') return false
      const isSpaceDone = isDone.get(space) ?? (!busy.has(space) && this.isOver(space))
      isDone.set(space, isSpaceDone)
      return isSpaceDone
    })
  }
}
