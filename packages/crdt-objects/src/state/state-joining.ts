import { Reader } from '../codec/reader.ts'
import { isJoineryError } from '../errors.ts'
import type { ReplicaId } from '../identity.ts'
import type { LeafEngine } from '../leaf-engine.ts'
import type { VersionVector } from '../version-vector.ts'
import { decodeStateHeader, type StateHeader } from './batch-codec.ts'
import type { Seal } from './epochs.ts'
import {
  ANEW,
  BATCH,
  END,
  EPOCH,
  FrameBuffer,
  OBJECTS,
  SETTLED,
  decodeEpoch,
  type EpochFrame,
  type Frame,
} from './state-frames.ts'
import type { Pause, StateLoader } from './state-loader.ts'
import type { Applied } from './verdict.ts'

/** A replica that takes in a state in pieces, out of sight. */
export interface StagedReplica {
  readonly vector: VersionVector
  apply(batch: Uint8Array): Applied
  enterEpoch(seals: readonly Seal[], born: readonly ReplicaId[]): void
  settleEpoch(epoch: number): void
}

/** One that has nothing yet. */
export interface Staging {
  readonly replica: StagedReplica
  readonly loader: StateLoader
  /** Makes what it has visible, all at once. */
  commit(): boolean | 'engine-missing'
}

/** What joining needs of the replica that it is for. */
export interface JoiningPorts {
  stage(): Staging
  /** Refuses what cannot be: a state that has seen more of us than we made. */
  check(vector: VersionVector, reader: Reader): void
  onEngineMissing(engines: readonly LeafEngine[]): void
}

/**
 * How far joining is: `more` can be done now; `waiting` for pieces; `complete`, so that it can be made visible;
 * `engine-missing`, the port `onEngineMissing` was told which.
 */
export type JoiningProgress = 'more' | 'waiting' | 'complete' | 'engine-missing'

/**
 * Takes in the state of another replica, as its `StateEncoding` gives it in pieces, a little at a time. It comes into
 * being out of sight, as a replica of its own, and is made visible at once when all of it is there.
 */
export class StateJoining {
  private readonly ports: JoiningPorts
  private readonly frames = new FrameBuffer()
  private staged: Staging
  private readonly steps: Iterator<JoiningProgress, undefined>
  private isComplete = false
  private begun: StateHeader | undefined
  private failure: { readonly error: unknown } | undefined

  constructor(ports: JoiningPorts) {
    this.ports = ports
    this.staged = ports.stage()
    this.steps = this.run()
  }

  /**
   * Whose state it is and what it had seen when its encoding began: known once the first objects are here, also where they
   * are refused.
   */
  get header(): StateHeader | undefined {
    return this.begun
  }

  /** What the other replica had seen when its encoding ended. To be read when it is complete. */
  get reached(): VersionVector {
    return this.staged.replica.vector
  }

  /** The next piece, in the order in which they were made. Costs nothing yet. */
  add(piece: Uint8Array): void {
    this.frames.add(piece)
  }

  /**
   * Does a little of what there is to do: less than a millisecond, but where one text, log, document or sketch is large.
   *
   * @throws JoineryError ENCODING_INVALID: nothing changed, and nothing will.
   */
  step(): JoiningProgress {
    if (this.failure !== undefined) throw this.failure.error
    if (this.isComplete) return 'complete'
    try {
      const next = this.steps.next()
      return next.done === true ? 'complete' : next.value
    } catch (error) {
      this.failure = { error }
      throw error
    }
  }

  /**
   * Makes all of it visible at once; tells whether it brought anything. Where we have nothing that the other replica had
   * not seen, its state takes the place of ours, which costs as much as there are objects that somebody here holds.
   * Else the states are joined, in one go. To be called when it is complete.
   */
  commit(): boolean | 'engine-missing' {
    if (!this.isComplete) throw new Error('a state of which pieces are missing')
    return this.staged.commit()
  }

  private *run(): Generator<JoiningProgress, undefined> {
    for (;;) {
      const frame = this.frames.take()
      if (frame === undefined) yield 'waiting'
      else {
        for (const pause of this.take(frame)) yield this.told(pause)
        if (frame.what === END) break
        yield 'more'
      }
    }
    const reader = new Reader(new Uint8Array())
    if (!this.frames.isEmpty || this.begun === undefined) reader.fail('pieces after the end')
    this.ports.check(this.staged.replica.vector, reader)
    this.isComplete = true
  }

  private told(pause: Pause): JoiningProgress {
    if (pause === 'more') return pause
    if (pause.length > 0) this.ports.onEngineMissing(pause)
    return 'engine-missing'
  }

  private *take({ what, content }: Frame): Generator<Pause, undefined> {
    const reader = new Reader(content)
    if (what === OBJECTS) {
      if (this.begun === undefined) {
        this.begun = decodeStateHeader(content)
        this.ports.check(this.begun.vector, reader)
      }
      yield* this.staged.loader.load(content)
      return
    }
    if (this.begun === undefined && what !== END) reader.fail('a state that does not begin')
    if (what === BATCH) return yield* this.takeBatch(content, reader)
    if (what === EPOCH) this.enter(decodeEpoch(reader), reader)
    else if (what === SETTLED) this.settle(reader.varint(), reader)
    else if (what === ANEW) {
      this.staged = this.ports.stage()
      this.begun = undefined
    } else if (what !== END) reader.fail('piece of no kind')
    reader.end()
  }

  private *takeBatch(batch: Uint8Array, reader: Reader): Generator<Pause, undefined> {
    let applied = this.staged.replica.apply(batch)
    while (applied === 'engine-missing') {
      // It was told which.
      yield []
      applied = this.staged.replica.apply(batch)
    }
    if (applied !== 'applied') reader.fail('batch that does not follow')
  }

  private enter({ seals, born }: EpochFrame, reader: Reader): void {
    try {
      this.staged.replica.enterEpoch(seals, born)
    } catch (error) {
      if (!isJoineryError(error, 'EPOCH_TOO_EARLY') && !(error instanceof RangeError)) throw error
      reader.fail('epoch that cannot be entered')
    }
  }

  private settle(epoch: number, reader: Reader): void {
    if (epoch > this.staged.replica.vector.epoch) reader.fail('settled before its epoch')
    this.staged.replica.settleEpoch(epoch)
  }
}
