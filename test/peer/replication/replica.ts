import { counter, type Local, set } from '@joinery/crdt-objects'
import { type Applied, kindOf, SpaceState, type StateJoining } from '@joinery/crdt-objects/engine'
import type {
  ControlAnswer,
  ControlCommand,
  ViewRequest,
} from '#peer/identity/core/control-contract.ts'
import type { SpaceControl } from '#peer/identity/core/space-control.ts'
import { type Effect, type Input, type ReplicationLimits } from '#peer/replication/core/contract.ts'
import {
  decodeMessage,
  encodeMessage,
  type Message,
  type Speaker,
} from '#peer/replication/core/message.ts'
import { ReplicationCore } from '#peer/replication/core/replication-core.ts'
import { answerAtOnce } from '#test/fixtures/answer-at-once.ts'
import { MemoryControl } from '#test/fixtures/memory-control.ts'

const SPACE = 'space'
type Counter = ReturnType<typeof counter>
type Tags = ReturnType<typeof set<string>>
let sessions = 0
/** The control group of the test that runs. */
let control = new MemoryControl()

beforeEach(() => {
  control = new MemoryControl()
  group.isDown = false
  control.state.apply({ kind: 'found', space: SPACE, keepers: 3, durability: 2 }, 0)
})

/** The control group, as a test moves it. */
export const group = {
  /** Whether nobody is answered. */
  isDown: false,

  get space(): SpaceControl {
    return control.state.spaceByName.get(SPACE)!
  },

  /** Ends the session of a replica, so that its life is to be sealed. */
  expire(replica: Replica): void {
    control.answer({ kind: 'end-session', session: replica.session })
  },

  /** Begins to make a member a keeper in the place of another. */
  appoint(incoming: Replica, outgoing: Replica): void {
    const change = { incoming: incoming.replica, outgoing: outgoing.replica }
    control.answer({ kind: 'appoint-keeper', space: SPACE, ...change })
  },

  closeEpoch(): void {
    control.answer({ kind: 'close-epoch', space: SPACE })
  },
}

/** A state for which an engine may be missing: then it takes nothing from others, as if all they wrote needed it. */
class DecodingState extends SpaceState {
  engineLoaded = true
  /** Batches and states that were offered in vain. */
  refused = 0

  override apply(bytes: Uint8Array): Applied {
    return this.#unlessMissing(() => super.apply(bytes))
  }

  override beginStateJoining(): StateJoining {
    const joining = super.beginStateJoining()
    const step = joining.step.bind(joining)
    joining.step = () => this.#unlessMissing(step)
    return joining
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
  session = `session ${++sessions}`
  readonly core: ReplicationCore
  effects: Effect[] = []
  readonly #joins: boolean

  /** One that `joins` begins with the state of another; else it is as old as its space. */
  constructor(name: string, limits?: Partial<ReplicationLimits>, joins = false) {
    this.name = name
    this.#joins = joins
    this.core = new ReplicationCore({
      space: SPACE,
      create: (replica) => new DecodingState({ replica, clock: () => 1_700_000_000_000 }),
      limits,
    })
    this.contact()
    this.effects = []
  }

  get hits(): Local<Counter> {
    return this.state.open('hits', kindOf(counter())).handle() as Local<Counter>
  }

  get tags(): Local<Tags> {
    return this.state.open('tags', kindOf(set<string>())).handle() as Local<Tags>
  }

  get state(): DecodingState {
    return this.core.visible as DecodingState
  }

  get replica(): bigint {
    return this.state.replica
  }

  /** What it asks of the group is answered at once. */
  step(input: Input): Effect[] {
    const effects: Effect[] = []
    for (const effect of this.core.step(input)) {
      if (effect.kind === 'request') {
        if (group.isDown) continue
        effects.push(...this.step({ kind: 'answer', answer: this.#answer(effect.request) }))
      } else if (effect.kind === 'stream-due') {
        effects.push(...this.step({ kind: 'stream', neighbour: effect.neighbour }))
      } else if (effect.kind === 'contact-due') {
        effects.push(...this.step({ kind: 'contact', session: this.session }))
      } else {
        effects.push(effect)
        this.effects.push(effect)
      }
    }
    return effects
  }

  #answer(request: ControlCommand | ViewRequest): ControlAnswer {
    return this.#joins ? answerAtOnce(control.state, request, 0) : control.answer(request)
  }

  /** Speaks with the group. */
  contact(): void {
    this.step({ kind: 'contact', session: this.session })
  }

  /** Has another session, hears that the life under the last one is over, and leases anew. */
  renew(): void {
    this.session = `session ${++sessions}`
    this.contact()
    this.contact()
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

/** A neighbour of which nothing is known but that it has something. */
export const somebody: Speaker = {
  ...{ sender: 77n, isMember: false, epoch: 0, settled: 0, keepersVersion: 0, revision: 0 },
}

/** The digest of somebody who has something else. */
export const otherDigest = { kind: 'digest', speaker: somebody, hash: 1n } as const

/** Opens a channel: both sides come up. */
export function connect(a: Replica, b: Replica): void {
  // What the group knows of both, both know.
  for (const each of [a, b]) each.contact()
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

/** Members that begin one from another, all of them neighbours. */
export function cluster(
  names: readonly string[],
  limits?: Partial<ReplicationLimits>,
): [Replica, Replica, ...Replica[]] {
  const replicas: Replica[] = []
  for (const name of names) {
    const newcomer = new Replica(name, limits, true)
    for (const replica of replicas) connect(replica, newcomer)
    replicas.push(newcomer)
    // The founder begins at its second word with the group, the others with a state that they ask for.
    newcomer.contact()
    newcomer.tick()
    deliver(...replicas)
  }
  return replicas as [Replica, Replica, ...Replica[]]
}

/** Seals the life of a replica that has no part in that: `members` say what they hold of it, and enter the epoch. */
export function seal(gone: Replica, ...members: Replica[]): void {
  group.expire(gone)
  for (const member of [...members, ...members]) member.contact()
  group.closeEpoch()
  for (const member of members) member.contact()
}
