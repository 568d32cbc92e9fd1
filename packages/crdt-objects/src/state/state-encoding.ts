import { BatchReader } from '../codec/batch-reader.ts'
import { Reader } from '../codec/reader.ts'
import { Writer } from '../codec/writer.ts'
import { decodeHead } from './batch-codec.ts'
import type { ReplicaContext } from './context.ts'
import { ALL } from './context.ts'
import type { ObjectState } from './object-state.ts'
import type { ObjectTable } from './object-table.ts'
import type { PartReader } from './part-reader.ts'
import { encodeObjects } from './encode-objects.ts'
import {
  ANEW,
  BATCH,
  END,
  EPOCH,
  OBJECTS,
  SETTLED,
  encodeEpoch,
  encodeFrame,
  encodeSettled,
  type EpochFrame,
} from './state-frames.ts'

/** Objects are encoded together until they take so many bytes, and so many times what the vector takes before them. */
const OBJECTS_BYTES_MIN = 64 * 1024
const HEADS_MIN = 64
/** About what a life takes in a vector. */
const LIFE_BYTES = 12
/** What happens meanwhile is kept up to here; beyond, it is shorter to begin anew. */
const MEANWHILE_BYTES_MAX = 8 * 1024 * 1024

const NO_BYTES = new Uint8Array()

/** The replica whose state is encoded. */
export interface Encoded {
  /** As it is now. */
  replica(): {
    readonly context: ReplicaContext
    readonly table: ObjectTable
    readonly parts: PartReader
  }
  /** Refuses to encode where something is pending. */
  checkNext(): void
  /** Nothing more need be told. */
  leave(encoding: StateEncoding): void
}

/**
 * The state of a replica in pieces, while it goes on. Each object is encoded as it is when its turn comes, and what
 * changes objects that were encoded before is sent after them: the batches, less what they say of objects whose turn is
 * still to come, and epochs. So who takes in the pieces in their order is, as to the objects it has, at any time where
 * the replica was then; and at the end it has them all. The vector is the one at the end.
 *
 * Why that is right: an object changes by what batches and epochs say of it and by nothing else, all in one order. What
 * it is at its turn holds all that came before, and what comes after is sent. No object need be copied or encoded again.
 *
 * Where the replica joins a state meanwhile, or too much happens, it begins anew, and says so.
 */
export class StateEncoding {
  private readonly of: Encoded
  private sent = new Set<ObjectState>()
  private rest: Iterator<ObjectState>
  /** Frames of what happened meanwhile. */
  private meanwhile: Uint8Array[] = []
  private meanwhileBytes = 0
  private frame: Uint8Array = NO_BYTES
  private hasBegun = false
  private hasEnded = false

  constructor(of: Encoded) {
    this.of = of
    this.rest = this.unsent()
  }

  /**
   * The next bytes, at most so many; none at the end. What is encoded at once is about 64 KiB, or as much as is asked for,
   * or one object. Take pending updates as a batch before.
   */
  next(bytesMax = Infinity): Uint8Array | undefined {
    if (this.frame.length === 0) this.frame = this.nextFrame(bytesMax)
    if (this.frame.length === 0) return undefined
    const piece = this.frame.subarray(0, bytesMax)
    this.frame = this.frame.subarray(piece.length)
    return piece
  }

  /** Whether all is encoded, though it may not have been asked for yet: what happens from now on is not in it. */
  get isComplete(): boolean {
    return this.hasEnded
  }

  /** Ends it early. */
  stop(): void {
    this.end()
    this.meanwhile = []
    this.frame = NO_BYTES
  }

  private end(): void {
    this.hasEnded = true
    this.of.leave(this)
  }

  private nextFrame(bytesMax: number): Uint8Array {
    if (this.hasEnded) return NO_BYTES
    this.of.checkNext()
    const told = this.meanwhile.shift()
    if (told !== undefined) {
      this.meanwhileBytes -= told.length
      return told
    }
    let next = this.rest.next()
    if (next.done === true) {
      // Objects that came to be after the last look.
      this.rest = this.unsent()
      next = this.rest.next()
    }
    if (next.done !== true || !this.hasBegun) return this.encodeObjects(next, bytesMax)
    this.end()
    return encodeFrame(END)
  }

  private *unsent(): Generator<ObjectState, undefined> {
    for (const object of this.of.replica().table.all()) {
      if (object.shared && !this.sent.has(object)) yield object
    }
  }

  private encodeObjects(
    first: IteratorResult<ObjectState, undefined>,
    bytesMax: number,
  ): Uint8Array {
    const { context } = this.of.replica()
    this.hasBegun = true
    const worthwhile = Math.max(OBJECTS_BYTES_MIN, HEADS_MIN * LIFE_BYTES * context.liveCount)
    const bytesMin = Math.min(worthwhile, bytesMax)
    return encodeFrame(OBJECTS, encodeObjects(context, this.sending(first), { bytesMin }))
  }

  private *sending(first: IteratorResult<ObjectState, undefined>): Generator<ObjectState> {
    for (let next = first; next.done !== true; next = this.rest.next()) {
      this.sent.add(next.value)
      yield next.value
    }
  }

  /** A batch was applied, or taken. */
  noteBatch(bytes: Uint8Array): void {
    if (this.hasBegun) this.note(BATCH, this.partly(bytes))
  }

  /** The replica has entered an epoch. */
  noteEpoch(entered: EpochFrame): void {
    if (this.hasBegun) this.note(EPOCH, encodeEpoch(entered))
  }

  noteSettled(epoch: number): void {
    if (this.hasBegun) this.note(SETTLED, encodeSettled(epoch))
  }

  /** What happened is told by no batch. */
  noteJump(): void {
    if (!this.hasBegun) return
    this.hasBegun = false
    this.sent = new Set()
    this.rest = this.unsent()
    this.meanwhile = [encodeFrame(ANEW)]
    this.meanwhileBytes = 0
  }

  private note(what: number, content: Uint8Array): void {
    const frame = encodeFrame(what, content)
    this.meanwhile.push(frame)
    this.meanwhileBytes += frame.length
    if (this.meanwhileBytes > MEANWHILE_BYTES_MAX) this.noteJump()
  }

  /** A batch with what it says of objects that were sent, and nothing else. */
  private partly(bytes: Uint8Array): Uint8Array {
    const { parts } = this.of.replica()
    const reader = new Reader(bytes)
    const head = decodeHead(reader, 'batch')
    const partly = new Writer(bytes.length)
    partly.raw(bytes.subarray(0, reader.position))
    const batch = new BatchReader(reader, head, () => ALL)
    const kept: Uint8Array[] = []
    for (let left = reader.count(11); left > 0; left--) {
      const start = reader.position
      const declared = parts.readDeclared(batch, 'delta')
      declared.kind.decodeDelta(batch)
      const object = parts.objectOf(declared)
      if (object !== undefined && this.sent.has(object)) {
        kept.push(bytes.subarray(start, reader.position))
      }
    }
    partly.varint(kept.length)
    for (const part of kept) partly.raw(part)
    return partly.finish()
  }
}
