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
import { defaultLimits, type Effect, type Input } from './contract.ts'
import { type Outgoing, type ReplicationLimits } from './contract.ts'
import { Flushing } from './flushing.ts'
import { Asking } from './asking.ts'
import { GroupNews } from './group-news.ts'
import { Holdings, type Usage } from './holdings.ts'
import { type Message } from './message.ts'
import { Neighbour } from './neighbour.ts'
import { StateStreams } from './state-streams.ts'

type Of<Kind extends Message['kind']> = Extract<Message, { kind: Kind }>

/**
 * Replicates one space: takes inputs by `step`, and returns the effects that the driver is to carry out in order. Pure:
 * it has no clock, no randomness and no I/O of its own.
 */
export class ReplicationCore {
  readonly #limits: ReplicationLimits
  readonly #holdings: Holdings
  readonly #asking: Asking
  readonly #flushing: Flushing
  readonly #news: GroupNews
  /** States on their way. Only looks are for the caller. */
  readonly streams: StateStreams
  readonly #neighbours = new Map<string, Neighbour>()
  #sessions = 0
  #ticks = 0
  #effects: Effect[] = []

  constructor(options: {
    readonly space: string
    /** Makes an empty state for a life. */
    readonly create: (replica: ReplicaId) => SpaceState
    /**
     * Takes what is for all as soon as it is sealed, before it is booked here; without it, that is among the effects. It
     * must not call back.
     */
    readonly letOut?: ((outgoing: Outgoing) => void) | undefined
    readonly limits?: Partial<ReplicationLimits> | undefined
    readonly memberLimits?: Partial<MemberLimits> | undefined
  }) {
    const { space, create, letOut, memberLimits = {} } = options
    this.#limits = { ...defaultLimits, ...options.limits }
    this.#holdings = new Holdings(
      { space, create, limits: this.#limits, memberLimits },
      {
        emit: (effect) => this.#emit(effect),
        letOut: letOut ?? ((outgoing) => this.#emit(outgoing)),
        want: (wanted, from) => this.#asking.want(wanted, from),
      },
    )
    this.#news = new GroupNews(this.#holdings, this.#neighbours, this.#limits, {
      contact: () => this.#emit({ kind: 'contact-due' }),
      tell: (neighbour, revision) => this.#tellDigest(neighbour, revision),
      want: (wanted) => this.#asking.want(wanted, undefined),
    })
    this.streams = new StateStreams(this.#holdings, this.#limits, {
      send: (neighbour, message) => this.#send(neighbour, message),
      due: ({ name }) => this.#emit({ kind: 'stream-due', neighbour: name }),
      begun: () => this.#begun(),
      ignore: (reason) => this.#ignore(reason),
    })
    this.#asking = new Asking(this.#holdings, this.#neighbours, this.#limits, {
      send: (neighbour, message) => this.#send(neighbour, message),
      hinted: () => this.#news.hinted(),
      isReading: () => this.streams.isReading,
      ignore: (reason) => this.#ignore(reason),
    })
    this.#flushing = new Flushing(this.#holdings, this.#neighbours, this.#limits, {
      send: (neighbour, message) => this.#send(neighbour, message),
      want: (wanted, from) => this.#asking.want(wanted, from),
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

  /** What is here, for who looks between two inputs: with what is out and not booked yet. */
  get #booked(): Holdings {
    this.#holdings.book()
    return this.#holdings
  }

  /** What is applied here. A live view: copy it to keep it. */
  get vector(): VersionVector {
    return this.#booked.vector
  }

  /** What users see is applied, as far as batches tell. */
  get visibleVector(): VersionVector {
    const { replica } = this.#booked
    return replica.isFormer ? replica.visible!.vector : replica.vector
  }

  /** The last update of the present life that a batch has. */
  get ownLast(): number {
    return this.#booked.ownLast
  }

  /** What is known of the group, for tests and the inspector. */
  get member(): Holdings['member'] {
    return this.#booked.member
  }

  /** Counts what moved the vector. */
  get progress(): number {
    return this.#booked.replica.progress
  }

  /** Whether what neighbours hold cannot be taken yet, for want of an engine. */
  get lacksEngine(): boolean {
    return this.#holdings.replica.lacksEngine
  }

  /** What the bounded buffers hold, for tests and the inspector. */
  get usage(): Usage & { readonly wants: number } {
    return { ...this.#booked.usage, wants: this.#asking.wants }
  }

  /** Takes one input. Never throws for what a neighbour, the group or the network did. */
  step(input: Input): Effect[] {
    const { replica, wantsSnapshot } = this.#booked
    const before = replica.progress
    this.#take(input)
    // Who waits for that batch elsewhere is to wait for nothing else here.
    if (input.kind === 'local-batch') return this.#effects.splice(0)
    if (replica.progress > before) {
      this.#asking.advanced()
      this.#flushing.afterAdvance()
    }
    if (this.#holdings.wantsSnapshot && !wantsSnapshot) this.#asking.askSnapshot(0)
    if (this.#flushing.followKeepers()) {
      for (const neighbour of this.#neighbours.values()) this.#tellDigest(neighbour)
    }
    this.streams.check()
    this.#holdings.check()
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  #take(input: Input): void {
    switch (input.kind) {
      case 'local-batch':
        return this.#holdings.sealUnbooked()
      case 'book':
        return
      case 'neighbour-up':
        return this.#neighbourUp(input.neighbour)
      case 'neighbour-down':
        return this.#neighbourDown(input.neighbour)
      case 'stream': {
        const neighbour = this.#neighbours.get(input.neighbour)
        return neighbour && this.streams.stream(neighbour)
      }
      case 'message':
        return this.#takeMessage(input.neighbour, input.message)
      case 'gossip':
        return this.#takeGossip(input.batch, input.from)
      case 'announced':
        // Nothing else will bring it.
        this.#asking.want({ origin: input.origin, last: input.last }, input.from)
        return this.#asking.askWanted(0)
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
      case 'ended':
        return this.#news.ended(input.random)
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
      this.#asking.ask(neighbour)
    }
  }

  #neighbourUp(name: string): void {
    this.#neighbourDown(name)
    const neighbour = new Neighbour(name, this.#sessions++, this.#limits)
    this.#neighbours.set(name, neighbour)
    this.#tellDigest(neighbour)
    this.#flushing.neighbourUp(neighbour)
  }

  #neighbourDown(name: string): void {
    const neighbour = this.#neighbours.get(name)
    if (neighbour !== undefined) this.streams.down(neighbour)
    this.#neighbours.delete(name)
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
        for (const batch of message.batches) this.#takeBatch(neighbour, batch)
        return
      case 'piece':
        neighbour.heard()
        return this.streams.piece(neighbour, message)
      case 'stock':
        neighbour.heard()
        return this.streams.stock(neighbour, message)
      case 'offer':
        neighbour.heard()
        return this.streams.offered(neighbour, message)
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
      return this.#asking.ask(neighbour)
    }
    const vector = this.vector.copy()
    this.#holdings.step({ kind: 'statement', statement: { ...speaker, vector } })
    this.#news.agreed(neighbour, speaker)
  }

  #takeAnswered(neighbour: Neighbour, { more }: Of<'answered'>): void {
    neighbour.answersReceived++
    neighbour.askedTicks = undefined
    this.streams.ended(neighbour)
    if (neighbour.asksAgain) this.#asking.ask(neighbour)
    // Asked again without progress, it would answer the same, for ever.
    if (more && this.#holdings.advances > neighbour.askedProgress) this.#asking.ask(neighbour)
  }

  #takeAsk(neighbour: Neighbour, ask: Of<'ask'>): void {
    const { vector, staged, speaker, session, received } = ask
    const { member } = this.#holdings
    const own = member.replica === undefined ? 0 : vector.lastOf(member.replica.id, 0)
    if (own > this.ownLast) {
      this.#ignore(`a vector that has ${own} of ours, of ${this.ownLast}`)
      return
    }
    if (speaker.sender !== 0n)
      this.#holdings.step({ kind: 'statement', statement: { ...speaker, vector: vector.copy() } })
    const has = neighbour.alreadyHas(withStaged(vector, staged), session, received)
    const answer = answerTo(this.#holdings, ask, has, this.#limits)
    if (typeof answer === 'object') {
      for (const message of answer.messages) this.#send(neighbour, message)
      neighbour.answered(answer.brings)
    } else if (!this.streams.isSending(neighbour)) {
      const isComing = answer !== undefined && this.streams.send(neighbour, answer)
      if (!isComing) this.#send(neighbour, { kind: 'answered', more: false })
    }
    if (!this.vector.covers(vector)) this.#asking.ask(neighbour)
  }

  #takePart(neighbour: Neighbour, message: Of<'part'>): void {
    neighbour.heard()
    const outcome = neighbour.parts.add(message)
    if (outcome === undefined) return
    if ('refused' in outcome) this.#ignore(outcome.refused)
    else this.#takeBatch(neighbour, outcome.whole)
  }

  #takeGossip(bytes: Uint8Array, from: string | undefined): void {
    const batch = this.#holdings.receive(bytes, from)
    if (batch !== undefined) this.#emit({ kind: 'received', origin: batch.origin })
  }

  #takeBatch(neighbour: Neighbour, bytes: Uint8Array): void {
    neighbour.heard()
    const { replica } = this.#holdings
    const before = replica.quarantined
    this.#holdings.receive(bytes, neighbour.name)
    if (replica.quarantined > before) neighbour.gaveUndecodable = true
  }

  /** With a state to begin with, it is to be made a member; and others have more. */
  #begun(): void {
    this.#emit({ kind: 'contact-due' })
    const own = this.vector.hash()
    for (const neighbour of this.#neighbours.values()) {
      if (neighbour.hash !== own) this.#asking.ask(neighbour)
    }
  }

  #tick(random: number): void {
    this.#ticks++
    this.#holdings.tick()
    this.#asking.tick(random)
    if (this.#ticks % this.#limits.digestTicks === 0) this.#digest(random)
    this.#news.tick(random)
  }

  #digest(random: number): void {
    const neighbours = [...this.#neighbours.values()]
    const chosen = neighbours[Math.floor(random * neighbours.length)]
    if (chosen !== undefined) this.#tellDigest(chosen)
  }

  #tellDigest(neighbour: Neighbour, revision?: number): void {
    const own = this.#holdings.speaker
    const speaker = revision === undefined ? own : { ...own, sender: 0n, revision }
    this.#send(neighbour, { kind: 'digest', speaker, hash: this.vector.hash() })
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
