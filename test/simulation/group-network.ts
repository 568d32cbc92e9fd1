import { type Random } from './random.ts'
import { type VirtualClock } from './virtual-clock.ts'

/** What a network does to what members of a group send each other. */
export interface GroupWeather {
  /** Parts of the messages, from 0 to 1. */
  readonly lost: number
  readonly repeated: number
  /** Part of the messages that others may overtake. */
  readonly late: number
  readonly delayMsMin: number
  readonly delayMsMax: number
  readonly lateMsMax: number
}

export const fairWeather: GroupWeather = {
  lost: 0,
  repeated: 0,
  late: 0,
  delayMsMin: 1,
  delayMsMax: 3,
  lateMsMax: 0,
}

export const foulWeather: GroupWeather = {
  lost: 0.05,
  repeated: 0.03,
  late: 0.05,
  delayMsMin: 1,
  delayMsMax: 20,
  lateMsMax: 1_500,
}

export interface GroupEndpoint {
  receive(from: number, bytes: Uint8Array): void
  partSent(to: number, ok: boolean): void
}

/** A network among members of groups: it delays, loses, repeats, reorders, and can be cut in one direction. */
export class GroupNetwork {
  readonly #clock: VirtualClock
  readonly #random: Random
  readonly #endpoints = new Map<number, GroupEndpoint>()
  readonly #cuts = new Set<string>()
  /** When the last message on a way arrives: the next does not overtake it, unless the weather says so. */
  readonly #arrivalMs = new Map<string, number>()
  weather: GroupWeather
  messagesSent = 0
  bytesSent = 0

  constructor(clock: VirtualClock, random: Random, weather: GroupWeather) {
    this.#clock = clock
    this.#random = random
    this.weather = weather
  }

  /** Puts a member on the network; its next life takes its place. */
  attach(id: number, endpoint: GroupEndpoint): void {
    this.#endpoints.set(id, endpoint)
  }

  detach(id: number): void {
    this.#endpoints.delete(id)
  }

  /** Nothing that `from` sends reaches `to` any more. */
  cut(from: number, to: number): void {
    this.#cuts.add(way(from, to))
  }

  /** Nothing passes between members of different sides, either way. */
  partition(...sides: readonly (readonly number[])[]): void {
    for (const side of sides) {
      for (const other of sides) {
        if (side === other) continue
        for (const from of side) for (const to of other) this.cut(from, to)
      }
    }
  }

  heal(): void {
    this.#cuts.clear()
  }

  send(from: number, to: number, bytes: Uint8Array, isBulk: boolean): void {
    this.messagesSent++
    this.bytesSent += bytes.length
    const { weather } = this
    const isLost = this.#cuts.has(way(from, to)) || this.#random.chance(weather.lost)
    const delayMs = this.#delayMs(from, to)
    // The sender's own copy of the bytes may be used again: nothing that is under way may change with it.
    const sent = bytes.slice()
    if (!isLost) this.#deliver(from, to, sent, delayMs)
    if (this.#random.chance(weather.repeated)) {
      this.#deliver(from, to, sent, this.#random.integer(weather.delayMsMin, 200))
    }
    if (isBulk) this.#reportPart(from, to, isLost && this.#random.chance(0.5), delayMs)
  }

  #deliver(from: number, to: number, bytes: Uint8Array, delayMs: number): void {
    this.#clock.after(delayMs, () => {
      if (this.#cuts.has(way(from, to))) return
      this.#endpoints.get(to)?.receive(from, bytes)
    })
  }

  /** A sender does not always learn of a loss. */
  #reportPart(from: number, to: number, isKnownLost: boolean, delayMs: number): void {
    const sender = this.#endpoints.get(from)
    this.#clock.after(delayMs, () => {
      // Not to its next life.
      if (this.#endpoints.get(from) === sender) sender?.partSent(to, !isKnownLost)
    })
  }

  #delayMs(from: number, to: number): number {
    const { weather } = this
    if (this.#random.chance(weather.late)) return this.#random.integer(0, weather.lateMsMax)
    const key = way(from, to)
    const delayMs = this.#random.integer(weather.delayMsMin, weather.delayMsMax)
    const atMs = Math.max(this.#arrivalMs.get(key) ?? 0, this.#clock.nowMs + delayMs)
    this.#arrivalMs.set(key, atMs)
    return atMs - this.#clock.nowMs
  }
}

function way(from: number, to: number): string {
  return `${from} ${to}`
}
