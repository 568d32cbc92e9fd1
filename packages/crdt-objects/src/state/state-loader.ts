import type { Reader } from '../codec/reader.ts'
import type { LeafEngine } from '../leaf-engine.ts'
import { vectorOf, type Head } from './batch-codec.ts'
import type { ReplicaContext } from './context.ts'
import { SELF } from './context.ts'
import { loadPlace } from './load-place.ts'
import type { PartReader } from './part-reader.ts'
import { incomingOf, openState, takeOver } from './state-join.ts'

/**
 * After so many bytes of objects there is a pause. The first comes sooner, and each after an eighth more than the one
 * before: at first the code that loads is not compiled yet, and takes twenty times as long.
 */
const LOADED_BYTES = 16 * 1024
const LOADED_BYTES_FIRST = 1024

/** Why loading pauses: there is more to do, or engines are not loaded yet. */
export type Pause = 'more' | readonly LeafEngine[]

/** The replica that a state is loaded into. */
export interface Loaded {
  readonly context: ReplicaContext
  readonly parts: PartReader
}

/**
 * Reads the state of another replica, some objects at a time, into one that began with nothing. From the first ones on
 * it has seen what the other had: it is as that one was, but for the objects that are still to come.
 *
 * @throws JoineryError ENCODING_INVALID: then the replica is of no use any more.
 */
export class StateLoader {
  private readonly into: Loaded
  private hasBegun = false
  private pauseBytes = LOADED_BYTES_FIRST

  constructor(into: Loaded) {
    this.into = into
  }

  *load(bytes: Uint8Array): Generator<Pause, undefined> {
    const { context, parts } = this.into
    const { reader, head, batch } = openState(bytes)
    for (const id of head.replicas) context.intern(id)
    const incoming = context.unseen(() => incomingOf(context, head))
    if (this.hasBegun) this.checkSame(head, reader)
    else this.begin(head, incoming.seen)
    let pauseAt = reader.remaining - this.pauseBytes
    for (let left = reader.count(11); left > 0; left--) {
      const declared = parts.readDeclared(batch, 'whole')
      const engines = [declared.kind, ...declared.older].flatMap((kind) => kind.engines)
      while (engines.some(({ loaded }) => !loaded)) yield engines
      if (parts.objectOf(declared) !== undefined) reader.fail('object named twice')
      const { object } = parts.learn(declared)
      const steps = context.unseen(() =>
        loadPlace(declared.kind, object.root, batch, incoming)[Symbol.iterator](),
      )
      while (context.unseen(() => steps.next()).done !== true) yield 'more'
      if (reader.remaining > pauseAt) continue
      this.pauseBytes = Math.min(this.pauseBytes + (this.pauseBytes >> 3), LOADED_BYTES)
      pauseAt = reader.remaining - this.pauseBytes
      yield 'more'
    }
    reader.end()
    context.clock.observe(batch.stampMax)
  }

  private begin(head: Head, seen: readonly number[]): void {
    const { context } = this.into
    this.hasBegun = true
    takeOver(context, head, seen, [...seen.keys()])
    context.sealed = context.seen[SELF] ?? 0
  }

  /** All that comes is of one replica, in the order in which it came to be there. */
  private checkSame(head: Head, reader: Reader): void {
    const { context } = this.into
    const isSame = vectorOf(head).equals(context.vector)
    if (!isSame || head.fold.settled !== context.settled) reader.fail('pieces of different states')
  }
}
