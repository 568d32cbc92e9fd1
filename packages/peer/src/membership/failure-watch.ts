/*
 * Runs the failure detector of a peer: feeds it with what neighbours say, and carries out what it wants. It also finds
 * when this peer itself stood still, and then says so before it judges anybody: see docs/protocols/membership.md.
 */
import { type Reporter } from '../report.ts'
import {
  type Condition,
  defaultDetectorSettings,
  type DetectorEffect,
  type DetectorInput,
} from './core/contract.ts'
import { FailureDetector } from './core/failure-detector.ts'
import { Standstill } from './core/standstill.ts'
import { type Neighbour } from './neighbour.ts'
import { type Frame } from './wire.ts'

/** How often `tick` is to be called, in ms. */
export const tickMs = 500
/** A tick that is so much later than it should be means that this process stood still. */
const standstillAfterMs = 2500
/** Between one neighbour and the next that hears of this peer again, on average. */
const thawPaceMs = 25
const { heartbeatMs, silentMaxMs } = defaultDetectorSettings

/** What a watch needs of its surroundings. */
export interface FailureWatchPorts {
  readonly selfId: string
  /** A monotonic clock, in ms. */
  now(): number
  /** The wall clock, in ms. */
  wallNow(): number
  random(): number
  later(delayMs: number, task: () => void): void
  readonly report: Reporter
  neighbourOf(peer: string): Neighbour | undefined
  tell(neighbour: Neighbour, frame: Frame): void
  /** It is taken for frozen: nothing more is to be sent, until it is heard again. */
  onStill(neighbour: Neighbour): void
  onHeardAgain(neighbour: Neighbour): void
  /** Its connection stands, and may be dead: it is to be dialled anew, until it is heard on whichever. */
  onSuspected(peer: string): void
  onTrusted(peer: string): void
  /** This peer stood still, for about so long. */
  onThaw(stoodStillMs: number): void
}

/** Watches the neighbours of one peer, and the peer itself. */
export class FailureWatch {
  readonly #ports: FailureWatchPorts
  readonly #detector: FailureDetector
  readonly #standstill = new Standstill(tickMs, standstillAfterMs)
  /** Since when those have been silent that a report was made of. Invariant: the detector knows them, at each tick. */
  readonly #suspectedMs = new Map<string, number>()

  constructor(ports: FailureWatchPorts) {
    this.#ports = ports
    this.#detector = new FailureDetector(ports.selfId)
  }

  /** What is made of each peer that is connected, or was lately. */
  get conditions(): ReadonlyMap<string, Condition> {
    return this.#detector.conditions
  }

  step(input: DetectorInput): void {
    for (const effect of this.#detector.step(input)) this.#carryOut(effect)
  }

  /** A frame came on the channel that counts. */
  onHeard(neighbour: Neighbour): void {
    if (!neighbour.isAwaited) return
    const { peer, lastHeardMs } = neighbour
    this.step({ kind: 'heard', peer, atMs: lastHeardMs, gapMs: undefined })
    neighbour.isAwaited = this.#detector.isAwaited(peer)
  }

  onFrame(
    { peer: from }: Neighbour,
    frame: Extract<Frame, { kind: 'inquire' | 'inquired' | 'suspect' }>,
  ): void {
    const nowMs = this.#ports.now()
    if (frame.kind === 'inquire') {
      this.step({ kind: 'asked', from, token: frame.token, peer: frame.peer, nowMs })
    } else if (frame.kind === 'inquired') {
      this.step({ kind: 'answered', from, token: frame.token, outcome: frame.outcome, nowMs })
    } else {
      this.step({ kind: 'told', from, suspicions: frame.suspicions, nowMs })
    }
  }

  /** Looks at all channels; `active` are those that count. Breaks our own silence. */
  tick(channels: readonly Neighbour[]): void {
    const nowMs = this.#ports.now()
    const { lateMs, stoodStillMs } = this.#standstill.tick(nowMs, this.#ports.wallNow())
    if (stoodStillMs !== undefined) {
      this.#thaw(channels, nowMs, stoodStillMs)
      return
    }
    for (const neighbour of channels) this.#feed(neighbour, nowMs)
    this.step({ kind: 'tick', nowMs, chance: this.#ports.random(), lateMs })
    for (const peer of this.#suspectedMs.keys()) {
      if (this.#detector.conditionOf(peer) === undefined) this.#suspectedMs.delete(peer)
    }
    for (const neighbour of channels) {
      if (nowMs - neighbour.lastToldMs >= heartbeatMs)
        this.#ports.tell(neighbour, { kind: 'alive' })
    }
  }

  #feed(neighbour: Neighbour, nowMs: number): void {
    const { peer, lastHeardMs } = neighbour
    if (this.#ports.neighbourOf(peer) === neighbour) {
      const gapMs = neighbour.takeGap(nowMs, heartbeatMs)
      this.step({ kind: 'heard', peer, atMs: lastHeardMs, gapMs })
      return
    }
    // It has not introduced itself: of such a connection nothing is known but its silence.
    const silentMs = nowMs - lastHeardMs
    if (silentMs <= silentMaxMs) return
    this.#ports.report({ kind: 'peer-silent', peer, silentMs })
    neighbour.channel.close('silent')
  }

  /** Others hear of this peer one after the other: each has it catch up. */
  #thaw(channels: readonly Neighbour[], nowMs: number, stoodStillMs: number): void {
    const ports = this.#ports
    ports.report({ kind: 'peer-thawed', stoodStillMs: Math.round(stoodStillMs) })
    this.step({ kind: 'thawed', nowMs })
    for (const neighbour of channels) neighbour.restart(nowMs)
    let delayMs = 0
    for (const neighbour of shuffled(channels, () => ports.random())) {
      if (delayMs === 0) ports.tell(neighbour, { kind: 'alive' })
      else ports.later(delayMs, () => ports.tell(neighbour, { kind: 'alive' }))
      delayMs += 2 * thawPaceMs * ports.random()
    }
    ports.onThaw(stoodStillMs)
  }

  #carryOut(effect: DetectorEffect): void {
    switch (effect.kind) {
      case 'ask':
        this.#tell(effect.via, { kind: 'inquire', token: effect.token, peer: effect.peer })
        this.#await(effect.peer)
        break
      case 'answer':
        this.#tell(effect.to, { kind: 'inquired', token: effect.token, outcome: effect.outcome })
        break
      case 'ping':
        this.#tell(effect.peer, { kind: 'ping' })
        this.#await(effect.peer)
        break
      case 'tell':
        this.#tell(effect.to, { kind: 'suspect', suspicions: effect.suspicions })
        break
      case 'changed':
        this.#onChanged(effect)
        break
      case 'close':
        this.#close(effect.peer, effect.silentMs)
        break
      // Late answers are common, and a member that is wrong about another does no harm.
      case 'ignored':
    }
  }

  #onChanged(effect: Extract<DetectorEffect, { kind: 'changed' }>): void {
    const { peer, is, silentMs, heardBy } = effect
    const ports = this.#ports
    const neighbour = ports.neighbourOf(peer)
    if (is === 'frozen' || is === 'unreachable') {
      if (!this.#suspectedMs.has(peer)) this.#suspectedMs.set(peer, ports.now() - silentMs)
      const silent = Math.round(silentMs)
      ports.report({ kind: 'peer-suspected', peer, condition: is, silentMs: silent, heardBy })
      if (is === 'frozen' && neighbour !== undefined) {
        ports.onStill(neighbour)
        ports.onSuspected(peer)
      }
      this.#await(peer)
    } else if (is === 'alive') {
      const sinceMs = this.#suspectedMs.get(peer)
      if (sinceMs !== undefined)
        ports.report({ kind: 'peer-heard-again', peer, afterMs: Math.round(ports.now() - sinceMs) })
      this.#suspectedMs.delete(peer)
      ports.onTrusted(peer)
      if (neighbour?.isStill === true) ports.onHeardAgain(neighbour)
    } else if (is === 'dead') this.#suspectedMs.delete(peer)
  }

  #close(peer: string, silentMs: number): void {
    const isFrozen = this.#detector.conditionOf(peer) === 'frozen'
    if (isFrozen) this.#ports.report({ kind: 'peer-silent', peer, silentMs: Math.round(silentMs) })
    this.#ports.neighbourOf(peer)?.channel.close('silent')
  }

  #await(peer: string): void {
    const neighbour = this.#ports.neighbourOf(peer)
    if (neighbour !== undefined) neighbour.isAwaited = true
  }

  #tell(peer: string, frame: Frame): void {
    const neighbour = this.#ports.neighbourOf(peer)
    if (neighbour !== undefined) this.#ports.tell(neighbour, frame)
  }
}

/** A copy in random order (Fisher and Yates). */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const copy = [...items]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const item = copy[i]!
    copy[i] = copy[j]!
    copy[j] = item
  }
  return copy
}
