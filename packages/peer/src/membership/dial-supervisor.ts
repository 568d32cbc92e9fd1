/*
 * libp2p dials nobody by itself, and what its keep-alive tag redials it gives up after five attempts. So each address
 * of a peer that should be connected has a supervisor's entry here: tried, tried again with growing and jittered
 * delays, and tried once more whenever the connection is lost.
 *
 * Two peers that dial each other at once get two connections, and when one of them closes, gossip is silently one-way.
 * So of two members only the one with the smaller id dials, and the other steps in when nothing has come of that.
 *
 * A connection over a broken path does not end: its system sends again, at ever longer intervals, so that it comes back
 * long after the path did, and later the longer that was broken. Hence a neighbour that is suspected is dialled while its
 * connection stands, and one that does not answer at all is dialled again soon. Who is frozen does not answer, and
 * keeps its connection.
 */
import { setMaxListeners } from 'node:events'
import { isJoineryError } from '@joinery/crdt-objects'
import { joinSignals } from '@joinery/crdt-objects/engine'
import { type RefusalReason } from '../errors.ts'
import { DialUnanswered } from '../network.ts'
import { type Member } from './wire.ts'

/** What dialling takes: narrow, so that a test needs no network. */
export interface DialPorts {
  readonly selfId: string
  dial(address: string, signal: AbortSignal, isAnew: boolean): Promise<string>
  isConnected(peer: string): boolean
  random(): number
  /** Whether others can dial this peer. Who listens nowhere waits for nobody. */
  isListening(): boolean
}

interface Target {
  readonly key: string
  readonly isBootstrap: boolean
  addresses: readonly string[]
  peer: string | undefined
  failures: number
  firstFailureMs: number
  isBusy: boolean
  timer: NodeJS.Timeout | undefined
  /** While it is suspected though its connection stands; aborts when it is not any more. */
  suspicion: AbortController | undefined
}

const dialTimeoutMs = 30_000
/** A test of a peer whose connection stands: who is frozen is connected to by its system, and never answers. */
const testTimeoutMs = 5000
/** From one dial that nothing answered to the next, and at the least between the two. */
const unansweredEveryMs = 1500
const unansweredPauseMs = 250
const retryFirstMs = 100
const retryMaxMs = 10_000
const bootstrapRetryMaxMs = 2000
const otherSideDelayMs = 3000
const forgetAfterMs = 5 * 60_000
/**
 * Dials at once: as many as are quick. In a burst of joins all peers dial, and are dialled, at once; were nothing held
 * back, all handshakes would slow each other down until all of them timed out, and were tried again.
 */
const parallelFirst = 2
const parallelMax = 16
/** One more dial may run after a dial of less than the first, half of them after one of more than the second. */
const quickMs = 500
const slowMs = 2000
/** An address that does not answer holds up others for so long, and not until its dial times out. */
const holdUpMs = 5000
/** After it thawed, a peer connects to one neighbour at a time for so long. */
const thawMs = 5000

/** Keeps this peer connected to its bootstrap addresses and to every member it knows. */
export class DialSupervisor {
  readonly #ports: DialPorts
  readonly #targets = new Map<string, Target>()
  readonly #stopped = new AbortController()
  readonly #refusals = new Map<string, RefusalReason>()
  /** Targets whose turn has come, and that wait until fewer dial. */
  readonly #waiting = new Set<Target>()
  #dialling = 0
  /** Invariant: from 1 to `parallelMax`. Grows with each dial that is quick, and halves with each that is slow. */
  #diallingMax = parallelFirst
  #thawedMs = Number.NEGATIVE_INFINITY
  #dials = 0
  #dialsFailed = 0
  #tests = 0

  constructor(ports: DialPorts, bootstrap: readonly string[]) {
    // Each dial under way listens, and many are in a burst: Node would warn of more than ten.
    setMaxListeners(0, this.#stopped.signal)
    this.#ports = ports
    for (const address of bootstrap) {
      this.#add({ key: address, isBootstrap: true, addresses: [address], peer: undefined })
    }
  }

  /** Starts to dial the bootstrap addresses. */
  start(): void {
    for (const target of this.#targets.values()) this.#schedule(target, 0)
  }

  /** Dials of peers whose connections stood, since the start. */
  get tests(): number {
    return this.#tests
  }

  /** Other dials that were made since the start, and those of them that reached nobody. */
  get counts(): { readonly dials: number; readonly dialsFailed: number } {
    return { dials: this.#dials, dialsFailed: this.#dialsFailed }
  }

  /**
   * This process stood still. That dials took too long meanwhile says nothing of who was dialled; and what was closed is
   * connected again one neighbour at a time, so that who thaws after an hour asks for all that it missed once.
   */
  onThaw(): void {
    this.#thawedMs = performance.now()
    for (const target of this.#targets.values()) {
      if (target.failures === 0) continue
      target.failures = 0
      if (!target.isBusy) this.#schedule(target, this.#jitter(retryFirstMs))
    }
  }

  stop(): void {
    this.#stopped.abort(new Error('stopped'))
    for (const target of this.#targets.values()) this.#drop(target)
    this.#waiting.clear()
    this.#targets.clear()
  }

  /** The members that this peer would like to be connected to and is not. */
  get missing(): number {
    let count = 0
    for (const { peer, failures, isBootstrap } of this.#targets.values()) {
      if (isBootstrap || peer === undefined || failures > 0) continue
      if (!this.#ports.isConnected(peer)) count++
    }
    return count
  }

  /** The members that this peer knows of, connected or not. */
  get members(): Member[] {
    const members: Member[] = []
    for (const { key, isBootstrap, addresses } of this.#targets.values()) {
      if (!isBootstrap) members.push({ id: key, addresses })
    }
    return members
  }

  /** Why every one of the bootstrap addresses turns this peer away, if that is what they do. */
  get refusal(): RefusalReason | undefined {
    const bootstrap = [...this.#targets.values()].filter((target) => target.isBootstrap)
    if (bootstrap.length === 0) return undefined
    const reasons = bootstrap.map((target) => this.#refusals.get(target.key))
    return reasons.every((reason) => reason === 'key' || reason === 'cluster')
      ? reasons[0]
      : undefined
  }

  /** A member exists: connect to it, unless it does. */
  learn(member: Member): void {
    if (member.id === this.#ports.selfId || member.addresses.length === 0) return
    const known = this.#targets.get(member.id)
    if (known !== undefined) {
      known.addresses = member.addresses
      if (known.failures > 0 && !known.isBusy) this.#schedule(known, this.#delayFor(member.id))
      return
    }
    const target = this.#add({
      key: member.id,
      isBootstrap: false,
      addresses: member.addresses,
      peer: member.id,
    })
    this.#schedule(target, this.#delayFor(member.id))
  }

  /** A member said that it does not come back. */
  forget(peer: string): void {
    const target = this.#targets.get(peer)
    if (target === undefined) return
    this.#drop(target)
    // Its address may be another peer's soon: bootstrap addresses are tried on.
    for (const other of this.#targets.values()) if (other.peer === peer) other.peer = undefined
  }

  /** `peer` is silent, though its connection stands: that may be dead. */
  suspect(peer: string): void {
    const target = this.#targets.get(peer)
    if (target === undefined || target.suspicion !== undefined) return
    target.suspicion = new AbortController()
    target.failures = 0
    if (!target.isBusy) this.#schedule(target, this.#delayFor(peer))
  }

  /** It is heard again. */
  trust(peer: string): void {
    const target = this.#targets.get(peer)
    target?.suspicion?.abort(new Error('heard again'))
    if (target !== undefined) target.suspicion = undefined
  }

  /** The connection to `peer` is lost. */
  onLost(peer: string): void {
    this.trust(peer)
    for (const target of this.#targets.values()) {
      if (target.peer !== peer) continue
      target.failures = 0
      if (!target.isBusy) this.#schedule(target, this.#delayFor(peer))
    }
    for (const target of this.#targets.values()) {
      if (target.isBootstrap && target.peer === undefined && !target.isBusy) {
        this.#schedule(target, this.#jitter(retryFirstMs))
      }
    }
  }

  #add(target: Pick<Target, 'key' | 'isBootstrap' | 'addresses' | 'peer'>): Target {
    const added: Target = {
      ...{ ...target, failures: 0, firstFailureMs: 0, isBusy: false },
      ...{ timer: undefined, suspicion: undefined },
    }
    this.#targets.set(target.key, added)
    return added
  }

  #drop(target: Target): void {
    clearTimeout(target.timer)
    target.suspicion?.abort(new Error('forgotten'))
    this.#targets.delete(target.key)
  }

  /** Whether it is on this side to dial. */
  #isOurs(peer: string): boolean {
    return this.#ports.selfId < peer || !this.#ports.isListening()
  }

  #delayFor(peer: string): number {
    return this.#isOurs(peer) ? this.#jitter(20) : otherSideDelayMs + this.#jitter(1000)
  }

  #jitter(delayMs: number): number {
    return delayMs * (0.5 + this.#ports.random())
  }

  #schedule(target: Target, delayMs: number): void {
    if (this.#stopped.signal.aborted) return
    clearTimeout(target.timer)
    target.timer = setTimeout(() => {
      this.#waiting.add(target)
      this.#next()
    }, delayMs)
    // A process that has nothing else to do may end.
    target.timer.unref()
  }

  #next(): void {
    const isThawing = performance.now() - this.#thawedMs < thawMs
    while (this.#waiting.size > 0 && this.#dialling < (isThawing ? 1 : this.#diallingMax)) {
      const waiting = [...this.#waiting]
      // Who has never failed first: those who are gone must not hold up who has just come.
      const target = waiting.find(({ failures }) => failures === 0) ?? waiting[0]!
      this.#waiting.delete(target)
      void this.#attempt(target)
    }
  }

  #learnPace(tookMs: number): void {
    if (tookMs < quickMs) this.#diallingMax = Math.min(parallelMax, this.#diallingMax + 1)
    else if (tookMs > slowMs) this.#diallingMax = Math.max(1, Math.floor(this.#diallingMax / 2))
  }

  /** Counts one more that dials; gives what ends that. */
  #beginDial(): () => void {
    let isTaken = true
    this.#dialling++
    const free = (): void => {
      if (!isTaken) return
      isTaken = false
      clearTimeout(timer)
      this.#dialling--
      this.#next()
    }
    const timer = setTimeout(free, holdUpMs)
    timer.unref()
    return free
  }

  async #attempt(target: Target): Promise<void> {
    if (target.isBusy || this.#targets.get(target.key) !== target) return
    if (target.suspicion === undefined && this.#isConnected(target)) {
      target.failures = 0
      return
    }
    if (target.peer !== undefined && this.#isDialling(target.peer)) {
      this.#schedule(target, this.#jitter(retryFirstMs))
      return
    }
    target.isBusy = true
    const free = this.#beginDial()
    const startMs = performance.now()
    const outcome = await this.#dialAny(target)
    const tookMs = performance.now() - startMs
    target.isBusy = false
    // That nothing answers says nothing of how busy anybody is.
    if (outcome !== 'unanswered') this.#learnPace(tookMs)
    free()
    if (this.#stopped.signal.aborted || this.#targets.get(target.key) !== target) return
    if (outcome === 'reached') {
      target.failures = 0
      // It may have been lost again before we knew which peer it is, or before it took the place of the old one.
      const isSettled = this.#isConnected(target) && target.suspicion === undefined
      if (!isSettled) this.#schedule(target, this.#jitter(1000))
      return
    }
    this.#retry(target, outcome, tookMs)
  }

  #isConnected({ peer }: Target): boolean {
    return peer !== undefined && this.#ports.isConnected(peer)
  }

  /** A peer may be known by a bootstrap address and by its id. */
  #isDialling(peer: string): boolean {
    return [...this.#targets.values()].some((other) => other.isBusy && other.peer === peer)
  }

  #retry(target: Target, outcome: 'failed' | 'unanswered', tookMs: number): void {
    const now = performance.now()
    if (target.failures === 0) target.firstFailureMs = now
    target.failures++
    const isForgotten = !target.isBootstrap && !this.#isConnected(target)
    if (isForgotten && now - target.firstFailureMs > forgetAfterMs) return this.#drop(target)
    this.#schedule(target, this.#pauseAfter(target, outcome, tookMs))
  }

  #pauseAfter(target: Target, outcome: 'failed' | 'unanswered', tookMs: number): number {
    if (target.suspicion !== undefined || outcome === 'unanswered') {
      const isOurs = target.peer === undefined || this.#isOurs(target.peer)
      const everyMs = this.#jitter(isOurs ? unansweredEveryMs : otherSideDelayMs)
      return Math.max(everyMs - tookMs, this.#jitter(unansweredPauseMs))
    }
    const delayMaxMs = target.isBootstrap ? bootstrapRetryMaxMs : retryMaxMs
    return this.#jitter(Math.min(delayMaxMs, retryFirstMs * 2 ** Math.min(target.failures - 1, 16)))
  }

  /** Dials one of its addresses after the other; `unanswered` if nothing came back from any. */
  async #dialAny(target: Target): Promise<'reached' | 'failed' | 'unanswered'> {
    const { suspicion } = target
    const isTest = suspicion !== undefined
    let outcome: 'failed' | 'unanswered' = 'unanswered'
    for (const address of target.addresses) {
      const timeout = AbortSignal.timeout(isTest ? testTimeoutMs : dialTimeoutMs)
      const { signal, clear } = joinSignals(timeout, this.#stopped.signal, suspicion?.signal)
      if (isTest) this.#tests++
      else this.#dials++
      try {
        target.peer = await this.#ports.dial(address, signal, isTest)
        this.#refusals.delete(target.key)
        return 'reached'
      } catch (error) {
        if (!isTest) this.#dialsFailed++
        if (!(error instanceof DialUnanswered)) outcome = 'failed'
        if (isJoineryError(error, 'PEER_REFUSED')) {
          this.#refusals.set(target.key, error.details.reason)
        } else {
          this.#refusals.delete(target.key)
        }
      } finally {
        // What is stopped in the end would hold a trace of every dial until then.
        clear()
      }
    }
    return outcome
  }
}
