import { gatewayBusy, type StrongRequest } from '@joinery/client/protocol'
import { encodeOutcome, groupUnavailable, type Outcome } from '@joinery/consensus/caller'
import { invalidValue } from '@joinery/crdt-objects'
import { checkSpaceName } from '../spaces/names.ts'
import type { OutcomeRequest, OutcomeSettle, StrongHost } from './host.ts'
import { type Answering, Wait, Waits } from './waits.ts'

/** What the strong calls of one connection need of it. */
export interface StrongCallsParts extends Answering {
  readonly strong: StrongHost | undefined
  readonly inFlightMax: number
}

type RequestOf<K extends StrongRequest['kind']> = Extract<StrongRequest, { kind: K }>
type OutcomeKind = 'submit' | 'query' | 'withdraw'
type PromptKind = Exclude<StrongRequest['kind'], OutcomeKind>

/**
 * The strong calls of one connection: each is passed to the groups, and none is waited for. When the connection ends, or
 * the client takes a request back, this side stops waiting; the call itself goes on where it is, for the client may ask
 * for it again at another gateway. What ends it for good is its withdrawal, or the end of the session.
 */
export class StrongCalls extends Waits {
  private readonly parts: StrongCallsParts

  constructor(parts: StrongCallsParts) {
    super(parts)
    this.parts = parts
  }

  take(request: StrongRequest): void {
    const { id } = request
    const { strong, inFlightMax } = this.parts
    if (strong === undefined) {
      const why = 'The peer of this gateway has no groups.'
      return this.parts.fail(id, groupUnavailable(0, 'not-applied', why))
    }
    if (this.size >= inFlightMax) {
      const why = 'This connection has all the strong calls under way that it may have.'
      return this.parts.fail(id, gatewayBusy(why))
    }
    switch (request.kind) {
      case 'submit':
      case 'query':
      case 'withdraw': {
        const wait = new OutcomeWait(strong, request, {
          result: (value) => this.answer(id, wait, value),
          fail: (error) => this.fail(id, wait, error),
        })
        this.begin(id, wait)
        return wait.start()
      }
      default:
        this.run(id, ({ signal }) => carryOut(strong, request, signal))
    }
  }
}

/**
 * A request that is answered with an outcome. The client's eventual writes are in this peer's replicas: what a call
 * carries along is this peer's to say, not the client's own.
 */
class OutcomeWait extends Wait implements OutcomeSettle {
  private readonly strong: StrongHost
  private readonly request: RequestOf<OutcomeKind>
  private readonly told: Told

  constructor(strong: StrongHost, request: RequestOf<OutcomeKind>, told: Told) {
    super()
    this.strong = strong
    this.request = request
    this.told = told
  }

  start(): void {
    try {
      this.begin()
    } catch (error) {
      this.failed(error)
    }
  }

  answered(outcome: Outcome): void {
    if (this.isOver) return
    this.stop = undefined
    // Whoever brings an outcome has others to bring: what goes wrong with one must not reach them.
    let answer: Uint8Array | undefined
    try {
      answer = this.shown(outcome)
    } catch (error) {
      return this.failed(error)
    }
    if (answer !== undefined) this.told.result(answer)
  }

  failed(error: unknown): void {
    this.told.fail(error)
  }

  private begin(): void {
    const { request, strong } = this
    const { group, space } = request
    switch (request.kind) {
      case 'query':
        return this.ask({ kind: 'read', group, query: request.query })
      case 'withdraw': {
        const { session, sequence } = request
        return this.ask({ kind: 'submit', group, command: { kind: 'withdraw', session, sequence } })
      }
      case 'submit': {
        const { call } = request
        const before = strong.visibility?.before(space, this)
        if (before === undefined) {
          const command = call.vector === undefined ? call : { ...call, vector: undefined }
          return this.ask({ kind: 'submit', group, command })
        }
        before
          .then((vector) => this.ask({ kind: 'submit', group, command: { ...call, vector } }))
          .catch((error: unknown) => this.failed(error))
      }
    }
  }

  private ask(request: OutcomeRequest): void {
    if (this.isOver) return
    const stop = this.strong.ask(request, this)
    // It may have been answered at once.
    if (!this.isOver) this.stop = stop
  }

  /** The answer, unless it waits: once this peer shows what an outcome carries, the client needs no more of it. */
  private shown(outcome: Outcome): Uint8Array | undefined {
    if (outcome.kind === 'withdrawn' || outcome.vector === undefined) return encodeOutcome(outcome)
    const bare = { ...outcome, vector: undefined }
    const after = this.strong.visibility?.after(this.request.space, outcome.vector, this)
    if (after === undefined) return encodeOutcome(bare)
    after
      .then(() => this.told.result(encodeOutcome(bare)))
      .catch((error: unknown) => this.failed(error))
    return undefined
  }
}

/** Who is told what came of an {@link OutcomeWait}. */
interface Told {
  result(value: Uint8Array): void
  fail(error: unknown): void
}

async function carryOut(
  strong: StrongHost,
  request: RequestOf<PromptKind>,
  signal: AbortSignal,
): Promise<unknown> {
  const { log } = strong
  switch (request.kind) {
    case 'watch':
      return await log.watch(request.group, request.object, request.after, { signal })
    case 'session-open':
      return await log.openSession(request.group, request.session, request.leaseMs, { signal })
    case 'session-renew':
      return await log.renewSession(request.group, request.session, { signal })
    case 'session-close':
      return await log.closeSession(request.group, request.session, { signal })
    case 'strong-open': {
      const { space, name, descriptor } = request
      checkSpaceName(space)
      if (descriptor === '') throw invalidValue('an object is opened with its schema', name)
      const { group, object } = await log.openObject(space, name, descriptor, { signal })
      return [group, object]
    }
    case 'strong-delete':
      checkSpaceName(request.space)
      return await log.deleteObject(request.space, request.name, { signal })
    case 'keepers':
      checkSpaceName(request.space)
      return await strong.keepers(request.space, request.isWordGiven)
    case 'replace-voter':
      return await strong.replaceVoter(request.group, request.node)
  }
}
