import { type Random } from './random.ts'
import { type VirtualClock } from './virtual-clock.ts'

/** How badly dissemination does; direct channels lose only what is on its way when they break. */
export interface Weather {
  readonly dropped: number
  readonly repeated: number
  /** Part of the messages that arrives seconds late. */
  readonly late: number
  /** Part of the messages of which a damaged copy arrives too. */
  readonly cut: number
}

/** A peer as the network sees it. */
export interface Endpoint {
  readonly name: string
  readonly alive: boolean
  neighbourUp(neighbour: string): void
  neighbourDown(neighbour: string): void
  takeMessage(neighbour: string, bytes: Uint8Array): void
  takeGossip(payload: Gossip, from: string): void
}

/** What dissemination carries. */
export type Gossip =
  | { readonly kind: 'batch'; readonly batch: Uint8Array }
  | { readonly kind: 'announcement'; readonly origin: bigint; readonly last: number }

interface Channel {
  /** Counts the connections; what belongs to an earlier one is lost. */
  generation: number
  up: boolean
  /** Who believes it up: a peer learns of a break later than it happens. */
  readonly believers: Set<string>
  /** When the last message on its way arrives, by receiver: one does not overtake another. */
  readonly arrivalMs: Map<string, number>
}

/** A network among peers of which nothing can be relied on but the order within one connection. */
export class Network {
  readonly #clock: VirtualClock
  readonly #random: Random
  #weather: Weather
  readonly #endpoints = new Map<string, Endpoint>()
  readonly #channels = new Map<string, Channel>()
  /** Peers of different sides reach each other in no way. */
  readonly #sideByName = new Map<string, number>()
  bytesSent = 0

  constructor(clock: VirtualClock, random: Random, weather: Weather) {
    this.#clock = clock
    this.#random = random
    this.#weather = weather
  }

  /** From now on all that is told arrives, in good time. */
  clearUp(): void {
    this.#weather = { dropped: 0, repeated: 0, late: 0, cut: 0 }
  }

  /** Puts a peer, or its next life, on the network. */
  attach(endpoint: Endpoint): void {
    this.#endpoints.set(endpoint.name, endpoint)
  }

  /** Splits the peers by `side`, breaking what channels lead across. */
  partition(side: (name: string) => number): void {
    for (const name of this.#endpoints.keys()) this.#sideByName.set(name, side(name))
    for (const name of this.#endpoints.keys()) {
      for (const other of this.#endpoints.keys()) {
        if (name < other && !this.#isReachable(name, other)) this.disconnect(name, other)
      }
    }
  }

  isConnected(a: string, b: string): boolean {
    return this.#channel(a, b).up
  }

  connect(a: string, b: string): void {
    const channel = this.#channel(a, b)
    const ends = [this.#endpoints.get(a), this.#endpoints.get(b)]
    if (channel.up || !this.#isReachable(a, b) || !ends.every((end) => end?.alive)) return
    channel.up = true
    channel.generation++
    channel.arrivalMs.clear()
    for (const [name, other] of [
      [a, b],
      [b, a],
    ] as const) {
      // A peer that never noticed the break may hear of it now, or only of the new channel.
      if (channel.believers.has(name) && this.#random.chance(0.5)) {
        this.#endpoints.get(name)?.neighbourDown(other)
      }
      channel.believers.add(name)
    }
    this.#endpoints.get(a)?.neighbourUp(b)
    this.#endpoints.get(b)?.neighbourUp(a)
  }

  disconnect(a: string, b: string): void {
    const channel = this.#channel(a, b)
    if (!channel.up) return
    channel.up = false
    const generation = ++channel.generation
    for (const [name, other] of [
      [a, b],
      [b, a],
    ] as const) {
      this.#clock.after(this.#random.integer(0, 400), () => {
        if (channel.generation !== generation || !channel.believers.delete(name)) return
        this.#endpoints.get(name)?.neighbourDown(other)
      })
    }
  }

  /** Forgets what a peer believed: it died. */
  detach(name: string): void {
    for (const other of this.#endpoints.keys()) {
      if (other === name) continue
      this.disconnect(name, other)
      this.#channel(name, other).believers.delete(name)
    }
  }

  /** Sends over the direct channel; nothing tells the sender when there is none. */
  send(from: string, to: string, bytes: Uint8Array): void {
    this.bytesSent += bytes.length
    const channel = this.#channel(from, to)
    if (!channel.up) return
    const { generation } = channel
    const lagMs = this.#random.chance(0.05)
      ? this.#random.integer(50, 800)
      : this.#random.integer(1, 20)
    const arrivalMs = Math.max(channel.arrivalMs.get(to) ?? 0, this.#clock.nowMs + lagMs)
    channel.arrivalMs.set(to, arrivalMs)
    this.#clock.after(arrivalMs - this.#clock.nowMs, () => {
      if (channel.generation === generation) this.#endpoints.get(to)?.takeMessage(from, bytes)
    })
  }

  /** Tells everyone, as far as the weather lets it. */
  gossip(from: string, payload: Gossip): void {
    for (const name of this.#endpoints.keys()) {
      if (name === from) continue
      if (!this.#random.chance(this.#weather.dropped)) this.#deliver(from, name, payload)
      if (this.#random.chance(this.#weather.repeated)) this.#deliver(from, name, payload)
      if (payload.kind === 'batch' && this.#random.chance(this.#weather.cut)) {
        const batch = payload.batch.slice(0, this.#random.integer(0, payload.batch.length - 1))
        this.#deliver(from, name, { kind: 'batch', batch })
      }
    }
  }

  #deliver(from: string, to: string, payload: Gossip): void {
    const isLate = this.#random.chance(this.#weather.late)
    const lagMs = isLate ? this.#random.integer(200, 8_000) : this.#random.integer(1, 120)
    this.#clock.after(lagMs, () => {
      const bearer = this.#random.chance(0.7)
        ? from
        : this.#random.pick([...this.#endpoints.keys()])
      if (!this.#isReachable(from, to)) return
      const endpoint = this.#endpoints.get(to)
      if (endpoint?.alive) endpoint.takeGossip(payload, bearer)
    })
  }

  #isReachable(a: string, b: string): boolean {
    return (this.#sideByName.get(a) ?? 0) === (this.#sideByName.get(b) ?? 0)
  }

  #channel(a: string, b: string): Channel {
    const name = a < b ? `${a} ${b}` : `${b} ${a}`
    let channel = this.#channels.get(name)
    if (channel === undefined) {
      channel = { generation: 0, up: false, believers: new Set(), arrivalMs: new Map() }
      this.#channels.set(name, channel)
    }
    return channel
  }
}
