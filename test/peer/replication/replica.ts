import { counter, type Local, set } from '@joinery/crdt-objects'
import { type Applied, kindOf, SpaceState } from '@joinery/crdt-objects/engine'
import { type Effect, type Input, type ReplicationLimits } from '#peer/replication/core/contract.ts'
import { decodeMessage, encodeMessage, type Message } from '#peer/replication/core/message.ts'
import { ReplicationCore } from '#peer/replication/core/replication-core.ts'

let replicas = 0n

/** A state for which an engine may be missing: then it takes nothing from others, as if all they wrote needed it. */
class DecodingState extends SpaceState {
  engineLoaded = true
  /** Batches and states that were offered in vain. */
  refused = 0

  override apply(bytes: Uint8Array): Applied {
    return this.#unlessMissing(() => super.apply(bytes))
  }

  override joinState(bytes: Uint8Array): boolean | 'engine-missing' {
    return this.#unlessMissing(() => super.joinState(bytes))
  }

  #unlessMissing<T>(take: () => T): T | 'engine-missing' {
    if (this.engineLoaded) return take()
    this.refused++
    return 'engine-missing'
  }
}

/** A core that a test drives by hand: what it does stays in `effects` until the test takes it. */
export class Replica {
  readonly name: string
  readonly state: DecodingState
  readonly core: ReplicationCore
  readonly hits: Local<ReturnType<typeof counter>>
  readonly tags: Local<ReturnType<typeof set<string>>>
  effects: Effect[] = []

  constructor(name: string, limits?: Partial<ReplicationLimits>) {
    this.name = name
    this.state = new DecodingState({ replica: ++replicas, clock: () => 1_700_000_000_000 })
    this.core = new ReplicationCore({ state: this.state, limits })
    this.hits = this.state.open('hits', kindOf(counter())).handle() as this['hits']
    this.tags = this.state.open('tags', kindOf(set<string>())).handle() as this['tags']
  }

  get replica(): bigint {
    return this.state.replica
  }

  step(input: Input): Effect[] {
    const effects = this.core.step(input)
    this.effects.push(...effects)
    return effects
  }

  /** Adds to the counter and gives the batch that carries it. */
  write(amount = 1): Uint8Array {
    this.hits.add(amount)
    const [effect] = this.step({ kind: 'local-batch' })
    if (effect?.kind !== 'disseminate') throw new Error(`no batch, but ${effect?.kind}`)
    return effect.batch
  }

  gossip(batch: Uint8Array, from?: Replica): Effect[] {
    return this.step({ kind: 'gossip', batch, from: from?.name })
  }

  tick(times = 1, random = 0): void {
    for (let i = 0; i < times; i++) this.step({ kind: 'tick', random })
  }

  /** Takes out what it wanted to send, and everything else it said. */
  take(): Effect[] {
    const { effects } = this
    this.effects = []
    return effects
  }

  /** The effects of one kind, so far. */
  said<K extends Effect['kind']>(kind: K): Extract<Effect, { kind: K }>[] {
    return this.effects.filter((e): e is Extract<Effect, { kind: K }> => e.kind === kind)
  }

  /** The messages of one kind on their way. */
  sent<K extends Message['kind']>(kind: K): Extract<Message, { kind: K }>[] {
    return this.said('send')
      .map((effect) => effect.message)
      .filter((m): m is Extract<Message, { kind: K }> => m.kind === kind)
  }
}

/** Opens a channel: both sides come up. */
export function connect(a: Replica, b: Replica): void {
  a.step({ kind: 'neighbour-up', neighbour: b.name })
  b.step({ kind: 'neighbour-up', neighbour: a.name })
}

/** Breaks a channel: what was on its way is lost. */
export function disconnect(a: Replica, b: Replica): void {
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    one.step({ kind: 'neighbour-down', neighbour: other.name })
    one.effects = one.effects.filter((e) => e.kind !== 'send' || e.neighbour !== other.name)
  }
}

/** Delivers direct messages among `replicas` until none is on its way; gives how many there were. */
export function deliver(...replicas: Replica[]): number {
  let delivered = 0
  for (let busy = true; busy;) {
    busy = false
    for (const sender of replicas) {
      const sends = sender.said('send')
      sender.effects = sender.effects.filter((effect) => effect.kind !== 'send')
      for (const { neighbour, message } of sends) {
        const receiver = replicas.find((replica) => replica.name === neighbour)
        receiver?.step({
          kind: 'message',
          neighbour: sender.name,
          message: decodeMessage(encodeMessage(message)),
        })
        delivered++
        busy = true
      }
    }
  }
  return delivered
}
