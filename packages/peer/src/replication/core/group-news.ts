import { ContactTimer } from './contact-timer.ts'
import { type ReplicationLimits } from './contract.ts'
import { type Blocker } from './hold-back.ts'
import { type Holdings } from './holdings.ts'
import { type Speaker } from './message.ts'
import { type Neighbour } from './neighbour.ts'

/** What news call for. */
export interface NewsOutlet {
  /** Speak with the group. */
  contact(): void
  /** Tell a neighbour how things stand here; with `revision` only how new it is what the group knows. */
  tell(neighbour: Neighbour, revision?: number): void
  want(wanted: Blocker): void
}

/**
 * What changes at the control group, and how members learn of it: from each other, a few at a time, for they are many and
 * the group is one. A seal waits for all of them.
 */
export class GroupNews {
  readonly #holdings: Holdings
  readonly #neighbours: ReadonlyMap<string, Neighbour>
  readonly #limits: ReplicationLimits
  readonly #outlet: NewsOutlet
  readonly #timer: ContactTimer
  /** The revision of the group's view that neighbours were told of. */
  #toldRevision = 0

  constructor(
    holdings: Holdings,
    neighbours: ReadonlyMap<string, Neighbour>,
    limits: ReplicationLimits,
    outlet: NewsOutlet,
  ) {
    this.#holdings = holdings
    this.#neighbours = neighbours
    this.#limits = limits
    this.#outlet = outlet
    this.#timer = new ContactTimer(limits)
  }

  hear(neighbour: Neighbour, speaker: Speaker): void {
    neighbour.speaker = speaker
    if (speaker.revision > this.#revision) this.hinted()
  }

  /** A neighbour holds what is held here. One that is to be a keeper has to hear that, and no other digest will tell it. */
  agreed(neighbour: Neighbour, speaker: Speaker): void {
    if (this.#holdings.member.view?.keepers.incoming === speaker.sender)
      this.#outlet.tell(neighbour)
  }

  /** Something has changed that is not known here. */
  hinted(): void {
    if (this.#timer.hint()) this.#outlet.contact()
  }

  /** The group is asked now. */
  asked(): void {
    this.#timer.made()
  }

  /** It has answered, and the member has taken that in. */
  answered(): void {
    const { member } = this.#holdings
    const sealings = member.view?.sealings ?? []
    // Nobody else knows of it yet, and it waits for all the others.
    if (member.status === 'retiring' && this.#revision > this.#toldRevision) {
      this.#toldRevision = this.#revision
      for (const neighbour of this.#neighbours.values()) this.#outlet.tell(neighbour)
    }
    this.#timer.answered(member.status !== 'active' || sealings.length > 0)
    // What a seal waits for that others hold shows in no digest: they do not show it either.
    for (const { incarnation, target } of sealings) {
      const held = member.replica?.held(incarnation) ?? Infinity
      if (held < target) this.#outlet.want({ origin: incarnation, last: target })
    }
  }

  /** `random` is in [0, 1). */
  tick(random: number): void {
    this.#passOn(random)
    const isDue = this.#timer.tick(random)
    if (this.#catchUp() || isDue) this.#outlet.contact()
  }

  /**
   * Who is to be a keeper has to hear what those before it hold, and until then the space is one short. A digest has a
   * keeper say so: by another, where it is its own, too; else by an ask, which tells all that it holds. Tells whether
   * enough is known and here, which is for the group to hear.
   */
  #catchUp(): boolean {
    const { attestations, replica, view } = this.#holdings.member
    if (view === undefined || replica === undefined) return false
    if (view.keepers.incoming !== replica.id) return false
    for (const neighbour of this.#neighbours.values()) {
      const { speaker } = neighbour
      if (speaker !== undefined && attestations.isAwaited(speaker.sender, view.keepers))
        this.#outlet.tell(neighbour)
    }
    return attestations.hasCaughtUp(view.keepers, replica)
  }

  get #revision(): number {
    return this.#holdings.member.view?.revision ?? 0
  }

  /** The space is no more. Nobody takes a neighbour's word for that: whoever hears of it asks the group, and passes it on. */
  ended(random: number): void {
    for (const neighbour of this.#someBehind(Infinity, random))
      this.#outlet.tell(neighbour, Number.MAX_SAFE_INTEGER)
  }

  #passOn(random: number): void {
    const revision = this.#revision
    if (revision <= this.#toldRevision) return
    this.#toldRevision = revision
    for (const neighbour of this.#someBehind(revision, random)) this.#outlet.tell(neighbour)
  }

  /** Of the neighbours that may not have heard of `revision`, as many as are told at once. */
  #someBehind(revision: number, random: number): Neighbour[] {
    const behind = [...this.#neighbours.values()].filter(
      ({ speaker }) => (speaker?.revision ?? 0) < revision,
    )
    const first = Math.floor(random * behind.length)
    return [...behind.slice(first), ...behind.slice(0, first)].slice(0, this.#limits.newsFanout)
  }
}
