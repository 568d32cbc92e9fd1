/*
 * Detectors of some hundreds of peers, fully connected, in virtual time. Peers are stopped and go on, die, are held up by
 * their own work, and are cut off in one direction or from all. What each detector says is compared with what is so.
 */
import { type Condition } from '#peer/membership/core/contract.ts'
import { Random } from '../random.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { type Surroundings, WatchingPeer, type Word } from './watching-peer.ts'

export interface MembershipPlan {
  readonly peers: number
  readonly seconds: number
  readonly seed: number
}

/** What was seen. Times are in ms, one for each observer that should have noticed. */
export interface MembershipFigures {
  readonly frozenMs: number[]
  readonly deadMs: number[]
  readonly unreachableMs: number[]
  /** Back from a freeze or a cut, until an observer says `alive`. */
  readonly aliveMs: number[]
  /** Verdicts on peers with which nothing was wrong. */
  falsePositives: number
  /** Verdicts on peers with which something else was wrong than what was said. */
  misjudged: number
  /** Observers that never noticed. */
  missed: number
  /** Observers that still say something else than what is so, at the end. */
  wrongAtEnd: number
  /** Pairs of observer and peer that were looked at, times seconds. */
  readonly pairSeconds: number
  /** Frames of inquiries and suspicions, and signs of life. */
  inquiryFrames: number
  aliveFrames: number
}

interface Trouble {
  readonly kind: 'frozen' | 'dead' | 'cut' | 'isolated'
  readonly peer: string
  /** Of a cut: who does not hear `peer`. */
  readonly observer?: string
  readonly sinceMs: number
  readonly untilMs: number
  readonly noticed: Set<string>
}

const quietMs = 10_000
/** A verdict so soon after the end of a trouble was still about it. */
const echoMs = 3000

class Simulation implements Surroundings {
  readonly figures: MembershipFigures
  readonly #plan: MembershipPlan
  readonly #random: Random
  readonly #clock = new VirtualClock()
  readonly #peers = new Map<string, WatchingPeer>()
  readonly #troubles: Trouble[] = []
  readonly #arrivalMs = new Map<string, number>()

  constructor(plan: MembershipPlan) {
    this.#plan = plan
    this.#random = new Random(plan.seed)
    this.figures = {
      ...{ frozenMs: [], deadMs: [], unreachableMs: [], aliveMs: [] },
      ...{ falsePositives: 0, misjudged: 0, missed: 0, wrongAtEnd: 0 },
      pairSeconds: plan.peers * (plan.peers - 1) * plan.seconds,
      ...{ inquiryFrames: 0, aliveFrames: 0 },
    }
  }

  get nowMs(): number {
    return this.#clock.nowMs
  }

  run(): MembershipFigures {
    for (let i = 0; i < this.#plan.peers; i++) {
      const name = `p${i}`
      this.#peers.set(name, new WatchingPeer(name, this, this.#random))
    }
    for (const peer of this.#peers.values()) {
      for (const other of this.#peers.keys()) if (other !== peer.name) peer.connect(other)
      this.#tickLater(peer, this.#random.integer(0, 499))
    }
    this.#plantTroubles()
    this.#clock.run(this.#plan.seconds * 1000)
    this.#judgeEnd()
    return this.figures
  }

  send(from: WatchingPeer, to: string, word: (nowMs: number) => Word): void {
    this.figures.inquiryFrames++
    this.#deliver(from, to, (target) => target.receive(from.name, word))
  }

  ping(from: WatchingPeer, to: string): void {
    this.figures.inquiryFrames++
    this.#deliver(from, to, (target) => {
      target.receive(from.name, undefined)
      if (!target.isStill && !target.isDead) this.alive(target, from.name)
    })
  }

  alive(from: WatchingPeer, to: string): void {
    this.figures.aliveFrames++
    this.#deliver(from, to, (target) => target.receive(from.name, undefined))
  }

  close(from: WatchingPeer, to: string): void {
    // Within a step of the detector: its next one comes after it.
    this.#clock.after(0, () => {
      from.disconnect(to)
      const other = this.#peers.get(to)!
      if (!this.#isBlocked(from.name, to)) this.#clock.after(5, () => other.disconnect(from.name))
      this.#reconnectLater(from, other)
    })
  }

  onChanged(observer: WatchingPeer, peer: string, is: Condition): void {
    const found = this.#troubles.filter(
      (trouble) =>
        this.#concerns(trouble, observer.name, peer) &&
        this.nowMs >= trouble.sinceMs &&
        this.nowMs < trouble.untilMs + echoMs,
    )
    const current = found.find(({ untilMs }) => this.nowMs < untilMs)
    if (is === 'slow') return
    if (is === 'alive') {
      for (const trouble of this.#troubles) {
        const isOver = trouble.untilMs <= this.nowMs && trouble.noticed.has(observer.name)
        if (isOver && this.#concerns(trouble, observer.name, peer))
          this.figures.aliveMs.push(this.nowMs - trouble.untilMs)
      }
      return
    }
    if (found.length === 0) this.figures.falsePositives++
    else if (current !== undefined) this.#note(current, observer, is)
  }

  #note(trouble: Trouble, observer: WatchingPeer, is: Condition): void {
    const { kind, noticed, sinceMs } = trouble
    if (this.#isImpaired(observer.name) && observer.name !== trouble.peer) return
    const { frozenMs, deadMs, unreachableMs } = this.figures
    const lists = {
      frozen: { expected: 'frozen', times: frozenMs },
      dead: { expected: 'dead', times: deadMs },
      cut: { expected: 'unreachable', times: unreachableMs },
      // The others cannot tell who is cut off from all from who stands still; it itself can.
      isolated: {
        expected: observer.name === trouble.peer ? 'unreachable' : 'frozen',
        times: observer.name === trouble.peer ? unreachableMs : frozenMs,
      },
    } as const
    const { expected, times } = lists[kind]
    if (is !== expected) this.figures.misjudged++
    else if (!noticed.has(observer.name)) {
      noticed.add(observer.name)
      times.push(this.nowMs - sinceMs)
    }
  }

  /** Stands still or is cut off from all, at some time: what it makes of others is another matter. */
  #isImpaired(name: string): boolean {
    return this.#troubles.some(({ kind, peer }) => peer === name && kind !== 'cut')
  }

  #concerns({ kind, peer, observer }: Trouble, from: string, about: string): boolean {
    if (kind === 'cut') {
      // Neither side of a cut hears the other for long: what is sent is not acknowledged.
      return (from === observer && about === peer) || (from === peer && about === observer)
    }
    return about === peer || (kind === 'isolated' && from === peer)
  }

  #deliver(from: WatchingPeer, to: string, take: (target: WatchingPeer) => void): void {
    if (from.isDead || this.#isBlocked(from.name, to)) return
    const isLate = this.#random.chance(0.001)
    const delayMs = isLate ? this.#random.integer(100, 1500) : this.#random.integer(1, 20)
    // One connection: nothing overtakes.
    const way = `${from.name} ${to}`
    const atMs = Math.max(this.nowMs + delayMs, this.#arrivalMs.get(way) ?? 0)
    this.#arrivalMs.set(way, atMs)
    this.#clock.after(atMs - this.nowMs, () => take(this.#peers.get(to)!))
  }

  #isBlocked(from: string, to: string): boolean {
    return this.#troubles.some(({ kind, peer, observer, sinceMs, untilMs }) => {
      if (this.nowMs < sinceMs || this.nowMs >= untilMs) return false
      if (kind === 'isolated') return peer === from || peer === to
      return kind === 'cut' && peer === from && observer === to
    })
  }

  #reconnectLater(from: WatchingPeer, to: WatchingPeer): void {
    this.#clock.after(this.#random.integer(1000, 5000), () => {
      if (from.connected.has(to.name) || from.isDead || to.isDead) return
      const isHeld = from.isStill || to.isStill
      const isCut = this.#isBlocked(from.name, to.name) || this.#isBlocked(to.name, from.name)
      if (isHeld || isCut) {
        this.#reconnectLater(from, to)
        return
      }
      to.disconnect(from.name)
      from.connect(to.name)
      to.connect(from.name)
    })
  }

  #tickLater(peer: WatchingPeer, delayMs: number): void {
    this.#clock.after(delayMs, () => {
      peer.tick()
      this.#tickLater(peer, 500)
    })
  }

  #plantTroubles(): void {
    const names = [...this.#peers.keys()]
    const lastMs = this.#plan.seconds * 1000 - 30_000
    // Each peer is in at most one trouble, so that what should be said of it is clear.
    const some = (part: number): string[] =>
      names.splice(0, Math.max(1, Math.floor(this.#plan.peers * part)))
    const at = (): number => this.#random.integer(quietMs, lastMs)
    for (const peer of some(0.04)) {
      const sinceMs = at()
      const untilMs = sinceMs + this.#random.integer(8000, 20_000)
      this.#plant({ kind: 'frozen', peer, sinceMs, untilMs })
      this.#clock.after(sinceMs, () => (this.#peers.get(peer)!.stillUntilMs = untilMs))
    }
    for (const peer of some(0.03)) {
      const sinceMs = at()
      this.#plant({ kind: 'dead', peer, sinceMs, untilMs: Number.POSITIVE_INFINITY })
      this.#clock.after(sinceMs, () => this.#kill(peer))
    }
    for (const peer of some(0.06)) {
      const sinceMs = at()
      const untilMs = sinceMs + this.#random.integer(10_000, 20_000)
      this.#plant({ kind: 'cut', peer, observer: names.at(-1)!, sinceMs, untilMs })
      names.pop()
    }
    for (const peer of some(0.01)) {
      const sinceMs = at()
      this.#plant({ kind: 'isolated', peer, sinceMs, untilMs: sinceMs + 12_000 })
    }
    // Held up by its own work, again and again, for less than would make anybody wrong to wait.
    for (const peer of names) this.#holdUpLater(peer, this.#plan.seconds * 1000)
  }

  #plant(trouble: Omit<Trouble, 'noticed'>): void {
    this.#troubles.push({ ...trouble, noticed: new Set() })
  }

  #holdUpLater(name: string, untilMs: number): void {
    this.#clock.after(this.#random.integer(6000, 30_000), () => {
      const peer = this.#peers.get(name)!
      if (!peer.isStill) peer.stillUntilMs = this.nowMs + this.#random.integer(100, 2000)
      if (this.nowMs < untilMs) this.#holdUpLater(name, untilMs)
    })
  }

  #kill(name: string): void {
    const peer = this.#peers.get(name)!
    peer.isDead = true
    for (const other of this.#peers.values()) {
      if (other !== peer)
        this.#clock.after(this.#random.integer(1, 20), () => other.disconnect(name))
    }
  }

  #judgeEnd(): void {
    const peers = [...this.#peers.values()].filter(({ isDead }) => !isDead)
    for (const { kind, peer, observer, noticed } of this.#troubles) {
      const should = kind === 'cut' ? [observer!] : peers.map(({ name }) => name)
      const isMissed = (name: string): boolean =>
        name !== peer && !this.#isImpaired(name) && !noticed.has(name)
      this.figures.missed += should.filter(isMissed).length
    }
    for (const observer of peers) {
      for (const other of this.#peers.values()) {
        if (other === observer) continue
        const condition = observer.detector.conditionOf(other.name)
        const isRight = other.isDead
          ? condition === 'dead'
          : condition === 'alive' || condition === 'slow'
        if (!isRight) this.figures.wrongAtEnd++
      }
    }
  }
}

/** Runs one simulation. */
export function simulateMembership(plan: MembershipPlan): MembershipFigures {
  return new Simulation(plan).run()
}

/** Figures as lines. */
export function linesOf(figures: MembershipFigures): string[] {
  const { falsePositives, misjudged, missed, wrongAtEnd, pairSeconds } = figures
  const { inquiryFrames, aliveFrames } = figures
  return [
    `time to detect, median / p99 / longest (verdicts)`,
    `  frozen, or cut off from all  ${spread(figures.frozenMs)}`,
    `  dead                         ${spread(figures.deadMs)}`,
    `  unreachable from here        ${spread(figures.unreachableMs)}`,
    `  there again                  ${spread(figures.aliveMs)}`,
    `verdicts on healthy peers      ${falsePositives} in ${pairSeconds} pairs x seconds`,
    `taken for something else first ${misjudged}, never noticed ${missed}, wrong at the end ${wrongAtEnd}`,
    `frames of inquiries               ${inquiryFrames}, of ${aliveFrames} signs of life`,
  ]
}

/** Median, 99th percentile and maximum, as text. */
function spread(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN
  const seconds = [0.5, 0.99, 1].map((part) => (at(part) / 1000).toFixed(1))
  return `${seconds.join(' / ')} s (${sorted.length})`
}
