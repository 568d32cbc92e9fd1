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
 * vector says exactly what a replica holds, and equal vectors mean equal states.
 *
 * The naive ways fail thus: "batch n was sent, so n + 1 is next" loses n for ever when the channel broke meanwhile;
 * asking at once for each gap fetches everything twice, for a gap is mostly just a reordering; replaying history to a
 * joiner takes longer the older the space is.
 */
import { type ReplicaId, type SpaceState, type VersionVector } from '@joinery/crdt-objects/engine'
import { type Answer, answerWithBatches, answerWithState } from './answer.ts'
import { defaultLimits, type Effect, type Input, type ReplicationLimits } from './contract.ts'
import { FlushWaiters } from './flush-waiters.ts'
import { type Blocker } from './hold-back.ts'
import { Holdings, type Usage } from './holdings.ts'
import { type Message } from './message.ts'
import { Neighbour } from './neighbour.ts'
import { Wants } from './wants.ts'

type Asked = Extract<Message, { kind: 'ask' }>
type Probed = Extract<Message, { kind: 'probe' }>
type PartOf = Extract<Message, { kind: 'part' }>

/**
 * Replicates one space: takes inputs by `step`, and returns the effects that the driver is to carry out in order. Pure:
 * it has no clock, no randomness and no I/O of its own.
 */
export class ReplicationCore {
  readonly #state: SpaceState
  readonly #limits: ReplicationLimits
  readonly #holdings: Holdings
  readonly #wants = new Wants()
  readonly #waiters = new FlushWaiters()
  readonly #neighbours = new Map<string, Neighbour>()
  #sessions = 0
  #ticks = 0
  #effects: Effect[] = []

  constructor(options: {
    readonly state: SpaceState
    readonly limits?: Partial<ReplicationLimits> | undefined
  }) {
    this.#state = options.state
    this.#limits = { ...defaultLimits, ...options.limits }
    this.#holdings = new Holdings(this.#state, this.#limits, {
      emit: (effect) => this.#emit(effect),
      want: (wanted, from) => this.#want(wanted, from),
    })
  }

  /** What is applied here. A live view: copy it to keep it. */
  get vector(): VersionVector {
    return this.#holdings.vector
  }

  /** Counts what moved the vector. */
  get progress(): number {
    return this.#holdings.progress
  }

  /** Whether what neighbours hold cannot be taken yet, for want of an engine. */
  get lacksEngine(): boolean {
    return this.#holdings.lacksEngine
  }

  /** What the bounded buffers hold, for tests and the inspector. */
  get usage(): Usage & { readonly wants: number } {
    return { ...this.#holdings.usage, wants: this.#wants.size }
  }

  /** Who has the space open and is connected, and how many of them said that they hold all we wrote up to `last`. */
  holders(last: number): { readonly neighbours: number; readonly holders: number } {
    const holders = [...this.#neighbours.values()].filter(({ held }) => held >= last)
    return { neighbours: this.#neighbours.size, holders: holders.length }
  }

  /** Takes one input. Never throws for what a neighbour or the network did. */
  step(input: Input): Effect[] {
    this.#effects = []
    const before = this.#holdings.progress
    this.#take(input)
    if (this.#holdings.progress > before) this.#afterAdvance()
    this.#settleFlushes()
    this.#holdings.check()
    return this.#effects
  }

  #take(input: Input): void {
    switch (input.kind) {
      case 'local-batch':
        this.#seal()
        break
      case 'neighbour-up':
        this.#neighbourUp(input.neighbour)
        break
      case 'neighbour-down':
        this.#neighbours.delete(input.neighbour)
        break
      case 'message':
        this.#takeMessage(input.neighbour, input.message)
        break
      case 'gossip':
        this.#holdings.receive(input.batch, input.from)
        break
      case 'announced':
        // Nothing else will bring it.
        this.#want({ origin: input.origin, last: input.last }, input.from)
        this.#askWanted(0)
        break
      case 'engine-loaded':
        this.#engineLoaded()
        break
      case 'tick':
        this.#tick(input.random)
        break
      case 'flush':
        this.#seal()
        this.#waiters.add({ id: input.id, last: this.#ownLast(), replicas: input.replicas })
        for (const neighbour of this.#neighbours.values()) this.#probe(neighbour, this.#ownLast())
        break
      case 'flush-cancel':
        this.#waiters.cancel(input.id)
    }
  }

  #engineLoaded(): void {
    if (!this.#holdings.lacksEngine) return
    this.#holdings.engineLoaded()
    for (const neighbour of this.#neighbours.values()) {
      // What it is about to say may answer an ask made before.
      neighbour.asksAgain = neighbour.askedTicks !== undefined
      this.#ask(neighbour)
    }
  }

  #seal(): void {
    const batch = this.#holdings.seal()
    if (batch === undefined) return
    const fits = batch.length <= this.#limits.gossipBytesMax
    if (fits) this.#emit({ kind: 'disseminate', batch })
    else this.#emit({ kind: 'announce', origin: this.#state.replica, last: this.#ownLast() })
  }

  #ownLast(): number {
    return this.vector.lastOf(this.#state.replica, 0)
  }

  #neighbourUp(name: string): void {
    const neighbour = new Neighbour(name, this.#sessions++, this.#limits)
    this.#neighbours.set(name, neighbour)
    this.#send(neighbour, { kind: 'digest', hash: this.vector.hash() })
    for (const last of this.#waiters.ends()) this.#probe(neighbour, last)
  }

  #takeMessage(name: string, message: Message): void {
    const neighbour = this.#neighbours.get(name)
    if (neighbour === undefined) {
      this.#ignore(`${message.kind} of a neighbour that is not up`)
      return
    }
    switch (message.kind) {
      case 'digest':
        if (message.hash !== this.vector.hash()) this.#ask(neighbour)
        break
      case 'ask':
        this.#takeAsk(neighbour, message)
        break
      case 'batches':
        for (const batch of message.batches) this.#takeAnswer(neighbour, 'batch', batch)
        break
      case 'part':
        this.#takePart(neighbour, message)
        break
      case 'answered':
        neighbour.answersReceived++
        neighbour.askedTicks = undefined
        if (neighbour.asksAgain) this.#ask(neighbour)
        // Asked again without progress, it would answer the same, for ever.
        if (message.more && this.#holdings.progress > neighbour.askedProgress) this.#ask(neighbour)
        break
      case 'probe':
        this.#takeProbe(neighbour, message)
        break
      case 'held':
        if (message.origin !== this.#state.replica || message.last > this.#ownLast()) {
          this.#ignore('held: what we never wrote')
        } else neighbour.held = Math.max(neighbour.held, message.last)
    }
  }

  /** Asks for what we lack, unless an ask is out: what more there is then comes after its answer. */
  #ask(neighbour: Neighbour): void {
    if (neighbour.askedTicks !== undefined || this.#holdings.lacksEngine) return
    neighbour.asksAgain = false
    neighbour.askedTicks = 0
    neighbour.askedProgress = this.#holdings.progress
    this.#send(neighbour, {
      kind: 'ask',
      vector: this.vector.copy(),
      session: neighbour.session,
      received: neighbour.answersReceived,
      whole: neighbour.gaveUndecodable,
    })
    neighbour.gaveUndecodable = false
  }

  #takeAsk(neighbour: Neighbour, { vector, session, received, whole }: Asked): void {
    const own = vector.lastOf(this.#state.replica, 0)
    if (own > this.#ownLast()) {
      this.#ignore(`a vector that has ${own} of ours, of ${this.#ownLast()}`)
      return
    }
    neighbour.held = Math.max(neighbour.held, own)
    const has = neighbour.alreadyHas(vector, session, received)
    const answer = whole ? this.#answerWithState() : this.#answer(has)
    for (const message of answer.messages) this.#send(neighbour, message)
    neighbour.answered(answer.brings)
    if (!this.vector.covers(vector)) this.#ask(neighbour)
  }

  #answer(has: VersionVector): Answer {
    const { log } = this.#holdings
    return answerWithBatches(log, this.vector, has, this.#limits) ?? this.#answerWithState()
  }

  #answerWithState(): Answer {
    // A state, as a vector, ends at batches.
    this.#seal()
    return answerWithState(this.#state, this.vector, this.#limits)
  }

  #takePart(neighbour: Neighbour, message: PartOf): void {
    if (neighbour.askedTicks !== undefined) neighbour.askedTicks = 0
    const outcome = neighbour.parts.add(message)
    if (outcome === undefined) return
    if ('refused' in outcome) this.#ignore(outcome.refused)
    else this.#takeAnswer(neighbour, message.of, outcome.whole)
  }

  #takeAnswer(neighbour: Neighbour, of: PartOf['of'], bytes: Uint8Array): void {
    if (neighbour.askedTicks !== undefined) neighbour.askedTicks = 0
    const before = this.#holdings.quarantined
    if (of === 'state') this.#holdings.join(bytes)
    else this.#holdings.receive(bytes, neighbour.name)
    // Of a state that does not decode, too, the batches are what to try next.
    if (of === 'batch' && this.#holdings.quarantined > before) neighbour.gaveUndecodable = true
  }

  #want(wanted: Blocker, from: string | undefined): void {
    const { origin, last } = wanted
    // A seal comes with an epoch, which nobody is asked for.
    if (last === 'sealed' || this.vector.has(origin, last)) return
    if (origin === this.#state.replica) {
      this.#ignore(`update ${last} of ours, which we never made`)
    } else this.#wants.note(origin, last, from, this.#ticks)
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
    // A gap one tick old is no mere reordering.
    this.#askWanted(random)
    const all = [...this.#neighbours.values()]
    if (all.length === 0 || this.#ticks % this.#limits.digestTicks !== 0) return
    const chosen = all[Math.floor(random * all.length)]!
    this.#send(chosen, { kind: 'digest', hash: this.vector.hash() })
    // A neighbour may have refused a probe for want of room.
    for (const last of this.#waiters.ends())
      for (const neighbour of all) this.#probe(neighbour, last)
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

  #probe(neighbour: Neighbour, last: number): void {
    if (neighbour.held >= last) return
    this.#send(neighbour, { kind: 'probe', origin: this.#state.replica, last })
  }

  #takeProbe(neighbour: Neighbour, { origin, last }: Probed): void {
    if (this.vector.has(origin, last)) this.#sendHeld(neighbour, origin, last)
    else if (origin === this.#state.replica) this.#ignore(`a probe for ${last} of ours`)
    else if (neighbour.probes.length >= this.#limits.probesMax) this.#ignore('too many probes')
    else {
      neighbour.probes.push({ origin, last })
      this.#want({ origin, last }, neighbour.name)
    }
  }

  /** All that is held of `origin`: up to `last` at least. */
  #sendHeld(neighbour: Neighbour, origin: ReplicaId, last: number): void {
    this.#send(neighbour, { kind: 'held', origin, last: this.vector.lastOf(origin, last) })
  }

  #settleFlushes(): void {
    if (this.#waiters.size === 0) return
    const count = (last: number) => 1 + this.holders(last).holders
    for (const flush of this.#waiters.settle(count)) this.#emit({ kind: 'flushed', ...flush })
  }

  #afterAdvance(): void {
    this.#wants.settle(this.vector, -Infinity)
    for (const neighbour of this.#neighbours.values()) {
      // Nearly always, and this runs for each batch and neighbour.
      if (neighbour.probes.length === 0) continue
      const reached = new Map<ReplicaId, number>()
      for (let i = neighbour.probes.length - 1; i >= 0; i--) {
        const { origin, last } = neighbour.probes[i]!
        if (!this.vector.has(origin, last)) continue
        neighbour.probes.splice(i, 1)
        reached.set(origin, Math.max(last, reached.get(origin) ?? 0))
      }
      for (const [origin, last] of reached) this.#sendHeld(neighbour, origin, last)
    }
  }

  #send(neighbour: Neighbour, message: Message): void {
    this.#emit({ kind: 'send', neighbour: neighbour.name, message })
  }

  #emit(effect: Effect): void {
    this.#effects.push(effect)
  }

  #ignore(reason: string): void {
    this.#emit({ kind: 'ignored', reason })
  }
}
