import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { type ReplicationLimits } from './contract.ts'
import { type Blocker } from './hold-back.ts'
import { type Holdings } from './holdings.ts'
import { type Message, type Speaker } from './message.ts'
import { type Neighbour } from './neighbour.ts'

/** What flushing needs of its core. */
export interface FlushingOutlet {
  send(neighbour: Neighbour, message: Message): void
  want(wanted: Blocker, from: string | undefined): void
  ignore(reason: string): void
}

type Named = Pick<Extract<Message, { kind: 'held' }>, 'speaker' | 'origin' | 'last'>

/**
 * Finds out who holds what was written here: neighbours are told up to where, and say so once they do. What their word
 * counts for is for the member to say.
 */
export class Flushing {
  readonly #holdings: Holdings
  readonly #neighbours: ReadonlyMap<string, Neighbour>
  readonly #limits: ReplicationLimits
  readonly #outlet: FlushingOutlet
  /** Up to which of our updates the flushes under way go; as many as callers wait. */
  readonly #endById = new Map<number, number>()
  #keepersVersion = 0

  constructor(
    holdings: Holdings,
    neighbours: ReadonlyMap<string, Neighbour>,
    limits: ReplicationLimits,
    outlet: FlushingOutlet,
  ) {
    this.#holdings = holdings
    this.#neighbours = neighbours
    this.#limits = limits
    this.#outlet = outlet
  }

  flush(id: number, replicas: number): void {
    this.#holdings.seal()
    const last = this.#holdings.ownLast
    this.#endById.set(id, last)
    this.#holdings.step({ kind: 'flush', id, replicas })
    if (this.#endById.has(id)) this.#probeAll(last)
  }

  /** A flush has come to its end, whatever that is. */
  ended(id: number): void {
    this.#endById.delete(id)
  }

  neighbourUp(neighbour: Neighbour): void {
    for (const last of this.#ends()) this.#probe(neighbour, last)
  }

  /**
   * Keepers count under the set that they know, so who waits for them asks again under a new one. Tells whether there is
   * one.
   */
  followKeepers(): boolean {
    const version = this.#holdings.member.view?.keepers.version ?? 0
    if (version === this.#keepersVersion) return false
    this.#keepersVersion = version
    for (const last of this.#ends()) this.#probeAll(last)
    return true
  }

  takeProbe(neighbour: Neighbour, { origin, last }: Named): void {
    const reach = this.#holdings.vector.get(origin)
    // Of a life that is over here nothing is said: what was cut of it is not held.
    if (reach === 'sealed') return
    if (reach >= last) this.#sendHeld(neighbour, origin, last)
    else if (origin === this.#holdings.member.replica?.id) {
      this.#outlet.ignore(`a probe for ${last} of ours`)
    } else if (neighbour.noteProbe({ origin, last }, this.#limits.probesMax)) {
      this.#outlet.want({ origin, last }, neighbour.name)
    } else {
      this.#outlet.ignore('too many probes')
    }
  }

  /** A neighbour speaks, of nothing that it holds. */
  heard(speaker: Speaker): void {
    const { id } = this.#holdings.member
    if (id !== undefined && this.#endById.size > 0) {
      this.#holdings.step({ kind: 'held', held: { ...speaker, origin: id, last: 0 } })
    }
  }

  takeHeld({ speaker, origin, last }: Named): void {
    // Of a life that is over.
    if (origin !== this.#holdings.member.replica?.id) return
    if (last > this.#holdings.ownLast) return this.#outlet.ignore('held: what we never wrote')
    this.#holdings.step({ kind: 'held', held: { ...speaker, origin, last } })
  }

  /** More is held here: tells whoever waits to hear so. */
  afterAdvance(): void {
    const { vector } = this.#holdings
    for (const neighbour of this.#neighbours.values()) {
      // Nearly always, and this runs for each batch and neighbour.
      if (neighbour.probes.length === 0) continue
      const reached = new Map<ReplicaId, number>()
      for (let i = neighbour.probes.length - 1; i >= 0; i--) {
        const { origin, last } = neighbour.probes[i]!
        if (!vector.has(origin, last)) continue
        neighbour.probes.splice(i, 1)
        if (vector.get(origin) === 'sealed') continue
        reached.set(origin, Math.max(last, reached.get(origin) ?? 0))
      }
      for (const [origin, last] of reached) this.#sendHeld(neighbour, origin, last)
    }
  }

  #ends(): Set<number> {
    return new Set(this.#endById.values())
  }

  #probeAll(last: number): void {
    for (const neighbour of this.#neighbours.values()) this.#probe(neighbour, last)
  }

  #probe(neighbour: Neighbour, last: number): void {
    const { speaker } = this.#holdings
    if (speaker.sender === 0n) return
    this.#outlet.send(neighbour, { kind: 'probe', speaker, origin: speaker.sender, last })
  }

  /** All that is held of `origin`: up to `last` at least. */
  #sendHeld(neighbour: Neighbour, origin: ReplicaId, last: number): void {
    const { speaker, vector } = this.#holdings
    this.#outlet.send(neighbour, {
      ...{ kind: 'held', speaker, origin },
      last: vector.lastOf(origin, last),
    })
  }
}
