import {
  type Condition,
  type DetectorEffect,
  type DetectorInput,
} from '#peer/membership/core/contract.ts'
import { FailureDetector } from '#peer/membership/core/failure-detector.ts'
import { type Random } from '../random.ts'

/** What a peer has said to it: a frame of the detectors, or a sign of life. */
export type Word = Exclude<DetectorInput, { kind: 'tick' | 'connected' | 'disconnected' }>

/** What is done with what a detector wants. */
export interface Surroundings {
  readonly nowMs: number
  send(from: WatchingPeer, to: string, word: (nowMs: number) => Word): void
  /** A sign of life, which asks for one. */
  ping(from: WatchingPeer, to: string): void
  alive(from: WatchingPeer, to: string): void
  close(from: WatchingPeer, to: string): void
  onChanged(observer: WatchingPeer, peer: string, is: Condition): void
}

const heartbeatMs = 1000

/** A peer of a simulation: nothing but its detector, and what feeds it. */
export class WatchingPeer {
  readonly name: string
  readonly detector: FailureDetector
  readonly #surroundings: Surroundings
  readonly #random: Random
  readonly #heardMs = new Map<string, number>()
  readonly #gapMs = new Map<string, number>()
  readonly connected = new Set<string>()
  /** What came while it stood still. */
  readonly #unread: (() => void)[] = []
  /** It does nothing before this time. */
  stillUntilMs = 0
  isDead = false
  #saidMs = 0
  #tickedMs = 0

  constructor(name: string, surroundings: Surroundings, random: Random) {
    this.name = name
    this.detector = new FailureDetector(name)
    this.#surroundings = surroundings
    this.#random = random
  }

  get isStill(): boolean {
    return this.#surroundings.nowMs < this.stillUntilMs
  }

  connect(peer: string): void {
    const { nowMs } = this.#surroundings
    this.connected.add(peer)
    this.#heardMs.set(peer, nowMs)
    this.step({ kind: 'connected', peer, nowMs })
  }

  disconnect(peer: string): void {
    if (!this.connected.delete(peer)) return
    this.step({ kind: 'disconnected', peer, nowMs: this.#surroundings.nowMs })
  }

  /** Something came from a neighbour, now or while this peer stood still. */
  receive(from: string, word: ((nowMs: number) => Word) | undefined): void {
    if (this.isDead || !this.connected.has(from)) return
    if (this.isStill) {
      this.#unread.push(() => this.receive(from, word))
      return
    }
    const { nowMs } = this.#surroundings
    const gapMs = nowMs - (this.#heardMs.get(from) ?? nowMs)
    this.#gapMs.set(from, Math.max(gapMs, this.#gapMs.get(from) ?? 0))
    this.#heardMs.set(from, nowMs)
    if (this.detector.isAwaited(from))
      this.step({ kind: 'heard', peer: from, atMs: nowMs, gapMs: undefined })
    if (word !== undefined) this.step(word(nowMs))
  }

  tick(): void {
    const { nowMs } = this.#surroundings
    if (this.isStill || this.isDead) return
    const lateMs = Math.max(0, nowMs - this.#tickedMs - 500)
    this.#tickedMs = nowMs
    if (lateMs > 2500) this.#thaw(nowMs)
    for (const read of this.#unread.splice(0)) read()
    const isStretch = nowMs - this.#saidMs >= heartbeatMs
    for (const peer of this.connected) {
      const gapMs = isStretch ? this.#gapMs.get(peer) : undefined
      this.step({ kind: 'heard', peer, atMs: this.#heardMs.get(peer)!, gapMs })
      if (isStretch) this.#gapMs.delete(peer)
    }
    this.step({ kind: 'tick', nowMs, chance: this.#random.next(), lateMs })
    if (!isStretch) return
    this.#saidMs = nowMs
    for (const peer of this.connected) this.#surroundings.alive(this, peer)
  }

  step(input: DetectorInput): void {
    for (const effect of this.detector.step(input)) this.#carryOut(effect)
  }

  #thaw(nowMs: number): void {
    for (const peer of this.connected) this.#heardMs.set(peer, nowMs)
    this.#gapMs.clear()
    this.step({ kind: 'thawed', nowMs })
    for (const peer of this.connected) this.#surroundings.alive(this, peer)
  }

  #carryOut(effect: DetectorEffect): void {
    const { name: from } = this
    const surroundings = this.#surroundings
    switch (effect.kind) {
      case 'ask': {
        const { via, token, peer } = effect
        surroundings.send(this, via, (nowMs) => ({ kind: 'asked', from, token, peer, nowMs }))
        break
      }
      case 'answer': {
        const { to, token, outcome } = effect
        surroundings.send(this, to, (nowMs) => ({ kind: 'answered', from, token, outcome, nowMs }))
        break
      }
      case 'ping':
        surroundings.ping(this, effect.peer)
        break
      case 'tell': {
        const { to, suspicions } = effect
        surroundings.send(this, to, (nowMs) => ({ kind: 'told', from, suspicions, nowMs }))
        break
      }
      case 'changed':
        surroundings.onChanged(this, effect.peer, effect.is)
        break
      case 'close':
        surroundings.close(this, effect.peer)
        break
      case 'ignored':
    }
  }
}
