/*
 * Replication of one space, as a function of what happens to it.
 *
 * The problem: replicas write at any time, and each must come to hold what all wrote, over a network that loses, repeats
 * and reorders, among processes that vanish. Dissemination (gossip) is quick and loses messages while it says that all
 * went well, so nothing here depends on it: whatever it brings is a hint, and a replica that hears nothing for ever but
 * can reach one neighbour directly still converges.
 *
 * What carries correctness is one exchange between two neighbours. A `digest` tells the hash of a vector; whoever finds
 * that it differs sends an `ask` with its own vector; the other answers with the batches which that vector lacks, in an
 * order in which they apply, or, when its log does not reach back so far, with its whole state. Digests go out when a
 * neighbour comes up and to a random neighbour from time to time. Asks also go out for what is known to exist and is not
 * here: a gap before a batch that came, a batch too large for gossip, an update that a neighbour waits for us to hold.
 *
 * A batch applies whole, after everything its author had applied before it; one that comes early is held back. So a
 * vector says exactly what a replica holds, and equal vectors mean equal states. Which batches may be applied at all is
 * for the member to say (`identity/core`): it knows whose life is over, and after which update.
 *
 * The naive ways fail thus: "batch n was sent, so n + 1 is next" loses n for ever when the channel broke meanwhile;
 * asking at once for each gap fetches everything twice; replaying history takes longer the older the space is.
 */
import { type ReplicaId, type SpaceState, type VersionVector } from '@joinery/crdt-objects/engine'
import { type MemberLimits, type MemberStatus } from '../../identity/core/member-contract.ts'
import { answerTo, withStaged } from './answer.ts'
import { defaultLimits, type Effect, type Input, type ReplicationLimits } from './contract.ts'
import { Flushing } from './flushing.ts'
import { GroupNews } from './group-news.ts'
import { type Blocker } from './hold-back.ts'
import { Holdings, type Usage } from './holdings.ts'
import { type Message } from './message.ts'
import { Neighbour } from './neighbour.ts'
import { Wants } from './wants.ts'

type Of<Kind extends Message['kind']> = Extract<Message, { kind: Kind }>

/**
 * Replicates one space: takes inputs by `step`, and returns the effects that the driver is to carry out in order. Pure:
 * it has no clock, no randomness and no I/O of its own.
 */
export class ReplicationCore {
  readonly #limits: ReplicationLimits
  readonly #holdings: Holdings
  readonly #wants = new Wants()
  readonly #flushing: Flushing
  readonly #news: GroupNews
  readonly #neighbours = new Map<string, Neighbour>()
  #sessions = 0
  #ticks = 0
  #effects: Effect[] = []

  constructor(options: {
    readonly space: string
    /** Makes an empty state for a life. */
    readonly create: (replica: ReplicaId) => SpaceState
    readonly limits?: Partial<ReplicationLimits> | undefined
    readonly memberLimits?: Partial<MemberLimits> | undefined
  }) {
    const { space, create, memberLimits = {} } = options
    this.#limits = { ...defaultLimits, ...options.limits }
    this.#holdings = new Holdings(
      { space, create, limits: this.#limits, memberLimits },
      {
        emit: (effect) => this.#emit(effect),
        want: (wanted, from) => this.#want(wanted, from),
      },
    )
    this.#news = new GroupNews(this.#holdings, this.#neighbours, this.#limits, {
      contact: () => this.#emit({ kind: 'contact-due' }),
      tell: (neighbour) => this.#tellDigest(neighbour),
      want: (wanted) => this.#want(wanted, undefined),
    })
    this.#flushing = new Flushing(this.#holdings, this.#neighbours, this.#limits, {
      send: (neighbour, message) => this.#send(neighbour, message),
      want: (wanted, from) => this.#want(wanted, from),
      ignore: (reason) => this.#ignore(reason),
    })
  }

  get status(): MemberStatus {
    return this.#holdings.member.status
  }

  /** The id of the present life. */
  get replica(): ReplicaId | undefined {
    return this.#holdings.member.id
  }

  /** What users see and write to; undefined before the first life is a member. */
  get visible(): SpaceState | undefined {
    return this.#holdings.replica.visible
  }

  /** Whether what users write is let out: a life that is over is written to all the same. */
  get isWritable(): boolean {
    const { member, replica } = this.#holdings
    return member.isMember && replica.isShown
  }

  /** What is applied here. A live view: copy it to keep it. */
  get vector(): VersionVector {
    return this.#holdings.vector
  }

  /** What users see is applied, as far as batches tell. */
  get visibleVector(): VersionVector {
    const { replica } = this.#holdings
    return replica.isFormer ? replica.visible!.vector : replica.vector
  }

  /** The last update of the present life that a batch has. */
  get ownLast(): number {
    return this.#holdings.ownLast
  }

  /** What is known of the group, for tests and the inspector. */
  get member(): Holdings['member'] {
    return this.#holdings.member
  }

  /** Counts what moved the vector. */
  get progress(): number {
    return this.#holdings.replica.progress
  }

  /** Whether what neighbours hold cannot be taken yet, for want of an engine. */
  get lacksEngine(): boolean {
    return this.#holdings.replica.lacksEngine
  }

  /** What the bounded buffers hold, for tests and the inspector. */
  get usage(): Usage & { readonly wants: number } {
    return { ...this.#holdings.usage, wants: this.#wants.size }
  }

  /** Takes one input. Never throws for what a neighbour, the group or the network did. */
  step(input: Input): Effect[] {
    const before = this.progress
    const { wantsSnapshot } = this.#holdings
    this.#take(input)
    if (this.progress > before) {
      this.#wants.settle(this.vector, -Infinity)
      this.#flushing.afterAdvance()
    }
    if (this.#holdings.wantsSnapshot && !wantsSnapshot) this.#askSnapshot(0)
    if (this.#flushing.followKeepers()) {
      for (const neighbour of this.#neighbours.values()) this.#tellDigest(neighbour)
    }
    this.#holdings.check()
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  #take(input: Input): void {
    switch (input.kind) {
      case 'local-batch':
        return this.#holdings.seal()
      case 'neighbour-up':
        return this.#neighbourUp(input.neighbour)
      case 'neighbour-down':
        return void this.#neighbours.delete(input.neighbour)
      case 'message':
        return this.#takeMessage(input.neighbour, input.message)
      case 'gossip':
        return this.#holdings.receive(input.batch, input.from)
      case 'announced':
        // Nothing else will bring it.
        this.#want({ origin: input.origin, last: input.last }, input.from)
        return this.#askWanted(0)
      case 'engine-loaded':
        return this.#engineLoaded()
      case 'tick':
        return this.#tick(input.random)
      case 'flush':
        if (this.isWritable) this.#flushing.flush(input.id, input.replicas)
        return
      case 'flush-cancel':
        this.#flushing.ended(input.id)
        return this.#holdings.step(input)
      case 'begin-alone':
        return this.#holdings.beginAlone(input.replica)
      case 'retire':
        // What was written before it is handed over too.
        this.#holdings.seal()
        return this.#holdings.step(input)
      case 'contact':
        this.#news.asked()
        return this.#holdings.step(input)
      case 'answer':
        this.#holdings.step(input)
        return this.#news.answered()
    }
  }

  #engineLoaded(): void {
    if (!this.lacksEngine) return
    this.#holdings.engineLoaded()
    for (const neighbour of this.#neighbours.values()) {
      // What it is about to say may answer an ask made before.
      neighbour.asksAgain = neighbour.askedTicks !== undefined
      this.#ask(neighbour)
    }
  }

  #neighbourUp(name: string): void {
    const neighbour = new Neighbour(name, this.#sessions++, this.#limits)
    this.#neighbours.set(name, neighbour)
    this.#tellDigest(neighbour)
    this.#flushing.neighbourUp(neighbour)
  }

  #takeMessage(name: string, message: Message): void {
    const neighbour = this.#neighbours.get(name)
    if (neighbour === undefined) {
      this.#ignore(`${message.kind} of a neighbour that is not up`)
      return
    }
    if ('speaker' in message) this.#news.hear(neighbour, message.speaker)
    switch (message.kind) {
      case 'digest':
        return this.#takeDigest(neighbour, message)
      case 'ask':
        return this.#takeAsk(neighbour, message)
      case 'records':
        return this.#holdings.step(message)
      case 'batches':
        for (const batch of message.batches) this.#takeAnswer(neighbour, 'batch', batch)
        return
      case 'part':
        return this.#takePart(neighbour, message)
      case 'answered':
        return this.#takeAnswered(neighbour, message)
      case 'probe':
        return this.#flushing.takeProbe(neighbour, message)
      case 'held':
        return this.#flushing.takeHeld(message)
    }
  }

  #takeDigest(neighbour: Neighbour, { speaker, hash }: Of<'digest'>): void {
    neighbour.hash = hash
    if (speaker.sender === 0n) return
    if (hash !== this.vector.hash()) {
      // Of what it holds it says nothing new, but under which set of keepers it speaks.
      this.#flushing.heard(speaker)
      return this.#ask(neighbour)
    }
    const statement = { ...speaker, vector: this.vector.copy() }
    this.#holdings.step({ kind: 'statement', statement })
  }

  #takeAnswered(neighbour: Neighbour, { more }: Of<'answered'>): void {
    neighbour.answersReceived++
    neighbour.askedTicks = undefined
    if (neighbour.asksAgain) this.#ask(neighbour)
    // Asked again without progress, it would answer the same, for ever.
    if (more && this.#holdings.advances > neighbour.askedProgress) this.#ask(neighbour)
  }

  /** Asks for what we lack, unless an ask is out: what more there is then comes after its answer. */
  #ask(neighbour: Neighbour): void {
    const { wantsSnapshot, member } = this.#holdings
    if (neighbour.askedTicks !== undefined || this.lacksEngine) return
    if (member.replica === undefined && !wantsSnapshot) return
    neighbour.asksAgain = false
    neighbour.askedTicks = 0
    neighbour.askedProgress = this.#holdings.advances
    const wanted = neighbour.gaveUndecodable ? 'state' : 'batches'
    this.#send(neighbour, {
      kind: 'ask',
      speaker: this.#holdings.speaker,
      vector: this.vector.copy(),
      staged: member.replica?.stagedEnds() ?? [],
      session: neighbour.session,
      received: neighbour.answersReceived,
      wanted: wantsSnapshot ? 'snapshot' : wanted,
    })
    neighbour.gaveUndecodable = false
  }

  /** Asks a member for a state to begin with; one that is not known to be a member while nobody is. */
  #askSnapshot(random: number): void {
    const free = [...this.#neighbours.values()].filter(({ askedTicks }) => askedTicks === undefined)
    if (free.length < this.#neighbours.size) return
    const members = free.filter(({ speaker }) => speaker?.isMember === true)
    const candidates = members.length > 0 ? members : free
    const chosen = candidates[Math.floor(random * candidates.length)]
    if (chosen !== undefined) this.#ask(chosen)
  }

  #takeAsk(neighbour: Neighbour, ask: Of<'ask'>): void {
    const { vector, staged, speaker, session, received } = ask
    const { member } = this.#holdings
    const own = member.replica === undefined ? 0 : vector.lastOf(member.replica.id, 0)
    if (own > this.ownLast) {
      this.#ignore(`a vector that has ${own} of ours, of ${this.ownLast}`)
      return
    }
    if (speaker.sender !== 0n) {
      this.#holdings.step({ kind: 'statement', statement: { ...speaker, vector: vector.copy() } })
    }
    const has = neighbour.alreadyHas(withStaged(vector, staged), session, received)
    const answer = answerTo(this.#holdings, ask, has, this.#limits)
    for (const message of answer.messages) this.#send(neighbour, message)
    neighbour.answered(answer.brings)
    if (!this.vector.covers(vector)) this.#ask(neighbour)
  }

  #takePart(neighbour: Neighbour, message: Of<'part'>): void {
    if (neighbour.askedTicks !== undefined) neighbour.askedTicks = 0
    const outcome = neighbour.parts.add(message)
    if (outcome === undefined) return
    if ('refused' in outcome) this.#ignore(outcome.refused)
    else this.#takeAnswer(neighbour, message.of, outcome.whole)
  }

  #takeAnswer(neighbour: Neighbour, of: Of<'part'>['of'], bytes: Uint8Array): void {
    if (neighbour.askedTicks !== undefined) neighbour.askedTicks = 0
    const { replica } = this.#holdings
    const before = replica.quarantined
    if (of === 'batch') this.#holdings.receive(bytes, neighbour.name)
    else this.#holdings.takeState(of, bytes)
    // Of a state that does not decode, too, the batches are what to try next.
    if (of === 'batch' && replica.quarantined > before) neighbour.gaveUndecodable = true
    if (of === 'snapshot' && this.#holdings.member.replica !== undefined) this.#begun()
  }

  /** With a state to begin with, it is to be made a member; and others have more. */
  #begun(): void {
    this.#emit({ kind: 'contact-due' })
    const own = this.vector.hash()
    for (const neighbour of this.#neighbours.values()) {
      if (neighbour.hash !== own) this.#ask(neighbour)
    }
  }

  #want(wanted: Blocker, from: string | undefined): void {
    const { origin, last } = wanted
    // A seal comes with an epoch, of which the group tells.
    if (last === 'sealed') return this.#news.hinted()
    if (this.vector.has(origin, last)) return
    if (origin === this.replica) this.#ignore(`update ${last} of ours, which we never made`)
    else this.#wants.note(origin, last, from, this.#ticks)
  }

  #tick(random: number): void {
    this.#ticks++
    for (const neighbour of this.#neighbours.values()) {
      if (neighbour.askedTicks === undefined) continue
      if (++neighbour.askedTicks < this.#limits.askTicks) continue
      neighbour.askedTicks = undefined
      this.#ask(neighbour)
    }
    this.#holdings.tick()
    this.#wants.settle(this.vector, this.#ticks - this.#limits.wantTicks)
    if (this.#holdings.wantsSnapshot) this.#askSnapshot(random)
    else this.#askWanted(random)
    if (this.#ticks % this.#limits.digestTicks === 0) this.#digest(random)
    this.#news.tick(random)
  }

  #digest(random: number): void {
    const neighbours = [...this.#neighbours.values()]
    const chosen = neighbours[Math.floor(random * neighbours.length)]
    if (chosen !== undefined) this.#tellDigest(chosen)
  }

  #tellDigest(neighbour: Neighbour): void {
    const { speaker } = this.#holdings
    this.#send(neighbour, { kind: 'digest', speaker, hash: this.vector.hash() })
  }

  #askWanted(random: number): void {
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
    this.#ask(chosen)
  }

  #send(neighbour: Neighbour, message: Message): void {
    this.#emit({ kind: 'send', neighbour: neighbour.name, message })
  }

  #emit(effect: Effect): void {
    if (effect.kind === 'flushed' || effect.kind === 'flush-void') this.#flushing.ended(effect.id)
    this.#effects.push(effect)
  }

  #ignore(reason: string): void {
    this.#emit({ kind: 'ignored', reason })
  }
}
