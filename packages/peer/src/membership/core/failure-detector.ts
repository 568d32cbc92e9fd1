/*
 * Tells dead, slow, frozen and partitioned peers apart.
 *
 * A silence alone says nothing of its cause, and a timeout that is short enough to be of use fires at every peer that is
 * merely busy. So it takes two steps. A neighbour that is silent for longer than is usual for it (see Arrivals) is
 * suspected, and nothing else happens yet. Then others are asked whether they hear it, as in SWIM (Das, Gupta and
 * Motivala, DSN 2002): each has it say something, listens for a moment, and answers. If one hears it, the fault lies
 * between it and us; if they do not, it stands still; if their connections to it are closed, too, it is dead.
 *
 * This peer may be the one that is slow. As Lifeguard has it (Dadgar, Phillips and Currey, DSN-W 2018): who is asked
 * answers also when it hears nothing, so that no answer at all means that the fault is here; and the lateness of our own
 * ticks is added to what others are granted.
 */
import { Arrivals } from './arrivals.ts'
import {
  type Condition,
  defaultDetectorSettings,
  type DetectorEffect,
  type DetectorInput,
  type DetectorSettings,
  type InquiryOutcome,
  type Suspicion,
} from './contract.ts'
import { invariant } from './invariant.ts'
import { Listeners } from './listeners.ts'
import { Inquiry, type Verdict } from './inquiry.ts'

interface Watched {
  readonly peer: string
  readonly arrivals: Arrivals
  condition: Condition
  isConnected: boolean
  /** It does not read what is sent to it. */
  isBehind: boolean
  lastHeardMs: number
  /** Since when its connection is gone, while that is so. */
  lostMs: number
  /** When the last inquiry ended; undefined when there was none since it was last heard. */
  judgedMs: number | undefined
  /** Others could be asked at the last verdict. */
  isWitnessed: boolean
  inquiry: Inquiry | undefined
}

/** Peers without a connection that are remembered at once. Beyond, the one that was lost first is forgotten. */
const lostMax = 1024

/** The failure detector of one peer. */
export class FailureDetector {
  readonly #selfId: string
  readonly #settings: DetectorSettings
  /** Invariant: of the peers without a connection there are at most `lostMax`. */
  readonly #watched = new Map<string, Watched>()
  readonly #listeners: Listeners
  #effects: DetectorEffect[] = []
  #nextToken = 0
  /** How late our own ticks were lately, in ms. */
  #ownLateMs = 0
  #chance = 0

  constructor(selfId: string, settings: DetectorSettings = defaultDetectorSettings) {
    this.#selfId = selfId
    this.#settings = settings
    this.#listeners = new Listeners(settings.listenMs)
  }

  /** What is made of `peer`; undefined of one that is not known, or has left. */
  conditionOf(peer: string): Condition | undefined {
    return this.#watched.get(peer)?.condition
  }

  /** All that are known. */
  get conditions(): ReadonlyMap<string, Condition> {
    return new Map([...this.#watched].map(([peer, { condition }]) => [peer, condition]))
  }

  /** Whether the next sign of `peer` should be told at once: somebody waits for it. */
  isAwaited(peer: string): boolean {
    const watched = this.#watched.get(peer)
    if (watched === undefined) return false
    return watched.inquiry !== undefined || this.#isSilent(watched) || this.#listeners.hears(peer)
  }

  step(input: DetectorInput): readonly DetectorEffect[] {
    this.#effects = []
    this.#take(input)
    this.#check()
    return this.#effects
  }

  #take(input: DetectorInput): void {
    switch (input.kind) {
      case 'connected':
        this.#onConnected(input.peer, input.nowMs)
        break
      case 'disconnected':
        this.#onDisconnected(input.peer, input.nowMs)
        break
      case 'heard':
        this.#onHeard(input.peer, input.atMs, input.gapMs)
        break
      case 'behind':
      case 'drained':
        this.#onQueue(input.peer, input.kind === 'behind', input.nowMs)
        break
      case 'left':
        this.#watched.delete(input.peer)
        break
      case 'asked':
        this.#onAsked(input)
        break
      case 'answered':
        this.#onAnswered(input)
        break
      case 'told':
        for (const suspicion of input.suspicions) this.#onTold(input.from, suspicion, input.nowMs)
        break
      case 'thawed':
        this.#onThawed(input.nowMs)
        break
      case 'tick':
        this.#onTick(input)
    }
  }

  #onConnected(peer: string, nowMs: number): void {
    const watched = this.#watched.get(peer) ?? this.#watch(peer, nowMs)
    watched.isConnected = true
    watched.isBehind = false
    this.#heardAgain(watched, nowMs)
  }

  #onDisconnected(peer: string, nowMs: number): void {
    const watched = this.#watched.get(peer)
    if (watched?.isConnected !== true) return
    watched.isConnected = false
    watched.isBehind = false
    watched.lostMs = nowMs
    this.#answerAll(peer, 'gone')
    this.#begin(watched, nowMs)
    this.#forgetOldest()
  }

  #onHeard(peer: string, atMs: number, gapMs: number | undefined): void {
    const watched = this.#watched.get(peer)
    if (watched?.isConnected !== true || atMs < watched.lastHeardMs) return
    // The pause of a freeze is over with it: it says nothing of how punctual the peer is when it runs.
    if (gapMs !== undefined && !this.#isSilent(watched)) watched.arrivals.add(gapMs)
    // What was known before an inquiry began is no answer to it.
    if (atMs > watched.lastHeardMs) this.#heardAgain(watched, atMs)
  }

  #heardAgain(watched: Watched, atMs: number): void {
    const silentMs = atMs - watched.lastHeardMs
    watched.lastHeardMs = atMs
    watched.inquiry = undefined
    watched.judgedMs = undefined
    this.#become(watched, watched.isBehind ? 'slow' : 'alive', silentMs)
    this.#answerAll(watched.peer, 'heard')
  }

  #answerAll(peer: string, outcome: InquiryOutcome): void {
    for (const { to, token } of this.#listeners.takeFor(peer)) {
      this.#effects.push({ kind: 'answer', to, token, outcome })
    }
  }

  #onQueue(peer: string, isBehind: boolean, nowMs: number): void {
    const watched = this.#watched.get(peer)
    if (watched === undefined) return
    watched.isBehind = isBehind
    const silentMs = nowMs - watched.lastHeardMs
    if (isBehind && watched.condition === 'alive') this.#become(watched, 'slow', silentMs)
    else if (!isBehind && watched.condition === 'slow' && watched.inquiry === undefined)
      this.#become(watched, 'alive', silentMs)
  }

  #onAsked(input: Extract<DetectorInput, { kind: 'asked' }>): void {
    const { from, token, peer, nowMs } = input
    const watched = this.#watched.get(peer)
    if (peer === this.#selfId || watched?.isConnected !== true) {
      const outcome = peer === this.#selfId ? 'heard' : watched === undefined ? 'unknown' : 'gone'
      this.#effects.push({ kind: 'answer', to: from, token, outcome })
    } else if (this.#listeners.add(peer, { to: from, token }, nowMs)) {
      this.#effects.push({ kind: 'ping', peer })
    } else {
      this.#ignore('asked after too many peers at once')
    }
  }

  #onAnswered(input: Extract<DetectorInput, { kind: 'answered' }>): void {
    for (const watched of this.#watched.values()) {
      if (watched.inquiry?.token !== input.token) continue
      if (!watched.inquiry.answer(input.from, input.outcome, input.nowMs)) break
      this.#judge(watched, input.nowMs)
      return
    }
    this.#ignore('an answer that nobody waits for')
  }

  #onTold(from: string, { peer, condition }: Suspicion, nowMs: number): void {
    if (peer === this.#selfId) {
      // Who is taken for silent says otherwise, at once.
      if (condition !== 'alive') this.#effects.push({ kind: 'ping', peer: from })
      return
    }
    const watched = this.#watched.get(peer)
    if (watched === undefined || condition === 'alive') return
    const silentMs = nowMs - watched.lastHeardMs
    if (!watched.isConnected) {
      if (condition === 'dead' && watched.inquiry === undefined)
        this.#become(watched, 'dead', silentMs)
    } else if (silentMs > 2 * this.#settings.heartbeatMs && watched.inquiry === undefined) {
      // Silent here too, though not yet for long: what others found is reason to ask now.
      if (!this.#isSilent(watched)) this.#begin(watched, nowMs)
    }
  }

  #onThawed(nowMs: number): void {
    this.#listeners.clear()
    for (const watched of this.#watched.values()) {
      watched.inquiry = undefined
      watched.judgedMs = nowMs
      if (watched.isConnected) watched.lastHeardMs = nowMs
      else watched.lostMs = nowMs
      if (watched.condition === 'slow' && !watched.isBehind) this.#become(watched, 'alive', 0)
    }
  }

  #onTick({ nowMs, chance, lateMs }: Extract<DetectorInput, { kind: 'tick' }>): void {
    this.#ownLateMs = Math.max(lateMs, this.#ownLateMs * 0.75)
    this.#chance = chance
    for (const { to, token } of this.#listeners.expire(nowMs)) {
      this.#effects.push({ kind: 'answer', to, token, outcome: 'silent' })
    }
    for (const watched of this.#watched.values()) {
      if (watched.inquiry !== undefined) this.#judge(watched, nowMs)
      else if (watched.isConnected) this.#lookAtConnected(watched, nowMs)
      else this.#lookAtLost(watched, nowMs)
    }
  }

  #lookAtConnected(watched: Watched, nowMs: number): void {
    const silentMs = nowMs - watched.lastHeardMs
    const { silentMaxMs, frozenMaxMs, againMs } = this.#settings
    if (!this.#isSilent(watched)) {
      if (silentMs > watched.arrivals.timeoutMs + this.#ownLateMs) this.#begin(watched, nowMs)
      return
    }
    const keptMs = watched.condition === 'frozen' && watched.isWitnessed ? frozenMaxMs : silentMaxMs
    if (silentMs > keptMs) this.#effects.push({ kind: 'close', peer: watched.peer, silentMs })
    else if (nowMs - (watched.judgedMs ?? nowMs) > againMs) this.#begin(watched, nowMs)
  }

  #lookAtLost(watched: Watched, nowMs: number): void {
    const { rememberMs, againMs } = this.#settings
    if (nowMs - watched.lostMs > rememberMs) this.#watched.delete(watched.peer)
    else if (watched.condition !== 'dead' && nowMs - (watched.judgedMs ?? nowMs) > againMs)
      this.#begin(watched, nowMs)
  }

  /** Asks others after a peer that is silent, or whose connection is gone. */
  #begin(watched: Watched, nowMs: number): void {
    const { peer, condition } = watched
    const via = this.#witnessesFor(watched)
    const token = this.#nextToken++
    watched.inquiry = new Inquiry(token, via, nowMs)
    if (condition === 'alive') this.#become(watched, 'slow', nowMs - watched.lastHeardMs)
    // Its own answer would be the best one.
    if (watched.isConnected) this.#effects.push({ kind: 'ping', peer })
    for (const each of via) this.#effects.push({ kind: 'ask', via: each, token, peer })
    if (!watched.isConnected) this.#judge(watched, nowMs)
  }

  #judge(watched: Watched, nowMs: number): void {
    const { inquiry } = watched
    if (inquiry === undefined) return
    const { inquiryMs, settleMs } = this.#settings
    // Where nobody can be asked, a peer that is connected may still answer itself.
    const isAlone = inquiry.asked === 0 && watched.isConnected
    if (nowMs < (isAlone ? inquiry.startedMs + inquiryMs : inquiry.dueMs(inquiryMs, settleMs)))
      return
    watched.inquiry = undefined
    watched.judgedMs = nowMs
    watched.isWitnessed = inquiry.verdict !== 'unknown'
    const condition = conditionAfter(inquiry.verdict, watched)
    const wasKnown = watched.condition === condition
    this.#become(watched, condition, nowMs - watched.lastHeardMs, inquiry.heardBy)
    // A connection to who is elsewhere, or nowhere, is dead itself: a new one may not be.
    if (watched.isConnected && condition !== 'frozen') {
      const silentMs = nowMs - watched.lastHeardMs
      this.#effects.push({ kind: 'close', peer: watched.peer, silentMs })
    }
    if (wasKnown) return
    const suspicions = [{ peer: watched.peer, condition }]
    for (const to of inquiry.witnesses) this.#effects.push({ kind: 'tell', to, suspicions })
  }

  /** Members that are heard, beginning at a random one, so that those who suspect the same peer ask different ones. */
  #witnessesFor(watched: Watched): string[] {
    const others = [...this.#watched.values()].filter((other) => {
      return other !== watched && other.isConnected && !this.#isSilent(other)
    })
    const heard = others.filter(({ condition }) => condition === 'alive')
    // When all have fallen silent at once, that nobody answers is what shows that the fault is here.
    const candidates = heard.length > 0 ? heard : others
    const count = Math.min(this.#settings.witnesses, candidates.length)
    const first = Math.floor(this.#chance * candidates.length)
    return Array.from({ length: count }, (_, i) => {
      return candidates[(first + i) % candidates.length]!.peer
    })
  }

  #isSilent({ condition }: Watched): boolean {
    return condition !== 'alive' && condition !== 'slow'
  }

  #become(watched: Watched, is: Condition, silentMs: number, heardBy = 0): void {
    const { peer, condition: was } = watched
    if (was === is) return
    watched.condition = is
    this.#effects.push({ kind: 'changed', peer, was, is, silentMs, heardBy })
  }

  #watch(peer: string, nowMs: number): Watched {
    const watched: Watched = {
      ...{ peer, arrivals: new Arrivals(this.#settings), condition: 'alive' },
      ...{ isConnected: true, isBehind: false, lastHeardMs: nowMs, lostMs: nowMs },
      ...{ judgedMs: undefined, isWitnessed: false, inquiry: undefined },
    }
    this.#watched.set(peer, watched)
    return watched
  }

  #forgetOldest(): void {
    if (this.#watched.size <= lostMax) return
    const lost = [...this.#watched.values()].filter(({ isConnected }) => !isConnected)
    if (lost.length <= lostMax) return
    const oldest = lost.reduce((a, b) => (b.lostMs < a.lostMs ? b : a))
    this.#watched.delete(oldest.peer)
  }

  #ignore(reason: string): void {
    this.#effects.push({ kind: 'ignored', reason })
  }

  #check(): void {
    invariant(this.#listeners.size <= this.#listeners.sizeMax, 'listeners are bounded')
    for (const effect of this.#effects) {
      if (effect.kind !== 'close') continue
      const condition = this.conditionOf(effect.peer)
      invariant(condition !== 'alive', 'who is heard keeps its connection')
    }
  }
}

function conditionAfter(verdict: Verdict, { isConnected, condition }: Watched): Condition {
  switch (verdict) {
    case 'heard':
    case 'unanswered':
      return 'unreachable'
    case 'gone':
      return 'dead'
    case 'silent':
      return 'frozen'
    case 'unknown':
      if (isConnected) return 'frozen'
      return condition === 'unreachable' ? 'unreachable' : 'dead'
  }
}
