import { type ReplicaId, VersionVector } from '@joinery/crdt-objects/engine'
import { type ReplicationLimits } from './contract.ts'
import { type Speaker } from './message.ts'
import { PartCollector } from './part-collector.ts'

/** Asks to be told once its receiver holds all of `origin` up to `last`. */
interface Probe {
  readonly origin: ReplicaId
  readonly last: number
}

/**
 * What is known of a neighbour while one channel to it stands. Invariant: nothing here outlives the channel. Whatever
 * was on its way when a channel broke is lost, so a memory of having sent it would be a hole for ever.
 */
export class Neighbour {
  readonly name: string

  /** Names this channel to the neighbour, in our asks. */
  readonly session: number
  /** Ticks since our ask or the last piece of its answer; undefined when we wait for none. */
  askedTicks: number | undefined
  /** How much had been applied here when we asked. */
  askedProgress = 0
  /** What it answers now may be refused for want of an engine that is there meanwhile: to be asked again. */
  asksAgain = false
  /** Its last answer held what did not decode here. */
  gaveUndecodable = false
  /** Answers whose end we have seen. */
  answersReceived = 0
  readonly parts: PartCollector

  /** The session that its asks name. */
  #asksSession: number | undefined
  /** Answers sent in that session. Invariant: at least as many as its asks say it has received. */
  #answersSent = 0
  /** What answers brought that may still be on their way. Invariant: empty when all of them were received. */
  #sent = new VersionVector()

  /** What it said of itself last. */
  speaker: Speaker | undefined
  /** The digest that it told last. */
  hash: bigint | undefined
  /** What it wants to be told once we hold it. Invariant: at most `probesMax`. */
  readonly probes: Probe[] = []

  constructor(name: string, session: number, limits: ReplicationLimits) {
    this.name = name
    this.session = session
    this.parts = new PartCollector(limits.batchBytesMax)
  }

  /**
   * What an asker that holds `vector` needs nothing of. An ask made again can cross with the answer to the first; what
   * that brings is not sent twice. Once the asker has seen the ends of all our answers, its vector alone counts, so what
   * it had to drop is sent again.
   */
  alreadyHas(vector: VersionVector, session: number, received: number): VersionVector {
    if (session !== this.#asksSession) {
      this.#asksSession = session
      this.#answersSent = received
      this.#sent = new VersionVector()
    }
    if (received >= this.#answersSent) {
      this.#answersSent = received
      this.#sent = new VersionVector()
    }
    const has = vector.copy()
    has.merge(this.#sent)
    return has
  }

  /**
   * Remembers what it wants to be told. Where there is no room, it is told later of one that it wanted to be told before:
   * it is always told of all that is held. Gives whether it will be told.
   */
  noteProbe(probe: Probe, probesMax: number): boolean {
    const { probes } = this
    const at =
      probes.length < probesMax
        ? probes.length
        : probes.findLastIndex(({ origin }) => origin === probe.origin)
    if (at < 0) return false
    if ((probes[at]?.last ?? 0) < probe.last) probes[at] = probe
    return true
  }

  /** A piece of its answer has come. */
  heard(): void {
    if (this.askedTicks !== undefined) this.askedTicks = 0
  }

  /** Remembers that an answer is on its way after which the neighbour holds `vector`. */
  answered(vector: VersionVector): void {
    this.#answersSent++
    this.#sent.merge(vector)
  }
}
