import { type ReplicationLimits } from './contract.ts'
import { type Blocker } from './hold-back.ts'
import { type Holdings } from './holdings.ts'
import { type Message } from './message.ts'
import { type Neighbour } from './neighbour.ts'
import { Wants } from './wants.ts'

/** What asking needs of its core. */
export interface AskingOutlet {
  send(neighbour: Neighbour, message: Message): void
  /** The group knows more than is known here. */
  hinted(): void
  /** Whether all of a state has come, and is still being read: to ask for more would begin anew. */
  isReading(): boolean
  ignore(reason: string): void
}

/** Asks neighbours for what is lacking here: all of it, of whoever has more; and what is known to exist, of whoever has it. */
export class Asking {
  readonly #holdings: Holdings
  readonly #neighbours: ReadonlyMap<string, Neighbour>
  readonly #limits: ReplicationLimits
  readonly #outlet: AskingOutlet
  readonly #wants = new Wants()
  #ticks = 0

  constructor(
    holdings: Holdings,
    neighbours: ReadonlyMap<string, Neighbour>,
    limits: ReplicationLimits,
    outlet: AskingOutlet,
  ) {
    this.#holdings = holdings
    this.#neighbours = neighbours
    this.#limits = limits
    this.#outlet = outlet
  }

  /** How much is wanted. */
  get wants(): number {
    return this.#wants.size
  }

  /** Asks for what we lack, unless an ask is out: what more there is then comes after its answer. */
  ask(neighbour: Neighbour): void {
    const { wantsSnapshot, member, replica, speaker, vector, advances } = this.#holdings
    if (neighbour.askedTicks !== undefined || replica.lacksEngine) return
    if (this.#outlet.isReading()) return
    if (member.replica === undefined && !wantsSnapshot) return
    neighbour.asksAgain = false
    neighbour.askedTicks = 0
    neighbour.askedProgress = advances
    const wanted = neighbour.gaveUndecodable ? 'state' : 'batches'
    this.#outlet.send(neighbour, {
      ...{ kind: 'ask', speaker, vector: vector.copy() },
      staged: member.replica?.stagedEnds() ?? [],
      session: neighbour.session,
      received: neighbour.answersReceived,
      wanted: wantsSnapshot ? 'snapshot' : wanted,
    })
    neighbour.gaveUndecodable = false
  }

  /** Asks a member for a state to begin with; one that is not known to be a member while nobody is. */
  askSnapshot(random: number): void {
    const free = [...this.#neighbours.values()].filter(({ askedTicks }) => askedTicks === undefined)
    if (free.length < this.#neighbours.size) return
    const members = free.filter(({ speaker }) => speaker?.isMember === true)
    const candidates = members.length > 0 ? members : free
    const chosen = candidates[Math.floor(random * candidates.length)]
    if (chosen !== undefined) this.ask(chosen)
  }

  want(wanted: Blocker, from: string | undefined): void {
    // Of an epoch the group tells.
    if ('epoch' in wanted) return this.#outlet.hinted()
    const { origin, last } = wanted
    const { vector, member } = this.#holdings
    if (vector.has(origin, last)) return
    if (origin === member.replica?.id)
      this.#outlet.ignore(`update ${last} of ours, which we never made`)
    else this.#wants.note(origin, last, from, this.#ticks)
  }

  askWanted(random: number): void {
    const want = this.#wants.next()
    if (want === undefined) return
    const free: Neighbour[] = []
    for (const neighbour of this.#neighbours.values()) {
      if (neighbour.askedTicks === undefined) free.push(neighbour)
      else if (neighbour.askedTicks < this.#limits.patienceTicks) return
    }
    const bearer = want.asked ? undefined : free.find(({ name }) => name === want.from)
    const chosen = bearer ?? free[Math.floor(random * free.length)]
    if (chosen === undefined) return
    want.asked = true
    this.ask(chosen)
  }

  /** More is held here. */
  advanced(): void {
    this.#wants.settle(this.#holdings.vector, -Infinity)
  }

  /** `random` is in [0, 1). */
  tick(random: number): void {
    this.#ticks++
    for (const neighbour of this.#neighbours.values()) {
      if (neighbour.askedTicks === undefined) continue
      if (++neighbour.askedTicks < this.#limits.askTicks) continue
      neighbour.askedTicks = undefined
      // A state to begin with is asked for below, of anyone: this one may be frozen.
      if (!this.#holdings.wantsSnapshot) this.ask(neighbour)
    }
    this.#wants.settle(this.#holdings.vector, this.#ticks - this.#limits.wantTicks)
    if (this.#holdings.wantsSnapshot) this.askSnapshot(random)
    else this.askWanted(random)
  }
}
