import { gatewayBusy, type StrongRequest } from '@joinery/client/protocol'
import {
  type CallCommand,
  encodeOutcome,
  groupUnavailable,
  type Outcome,
} from '@joinery/consensus/caller'
import { invalidValue } from '@joinery/crdt-objects'
import { checkSpaceName } from '../spaces/names.ts'
import type { StrongHost } from './host.ts'
import { type Answering, Waits } from './waits.ts'

/** What the strong calls of one connection need of it. */
export interface StrongCallsParts extends Answering {
  readonly strong: StrongHost | undefined
  readonly inFlightMax: number
}

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
    this.run(id, (signal) => carryOut(strong, request, signal))
  }
}

async function carryOut(
  strong: StrongHost,
  request: StrongRequest,
  signal: AbortSignal,
): Promise<unknown> {
  const { log } = strong
  switch (request.kind) {
    case 'submit':
      return await submit(strong, request, signal)
    case 'query': {
      const { group, space, query } = request
      const outcome = await log.read(group, query, { space, signal })
      return await shown(strong, space, outcome, signal)
    }
    case 'withdraw': {
      const { group, space, session, sequence } = request
      const outcome = await log.withdraw(group, session, sequence, { space, signal })
      return await shown(strong, space, outcome, signal)
    }
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
      return await log.deleteObject(request.space, request.name, { signal })
    case 'replace-voter':
      return await strong.replaceVoter(request.group, request.node)
  }
}

/** The client's eventual writes are in this peer's replicas: what it carries along is this peer's to say, not its own. */
async function submit(
  strong: StrongHost,
  { group, space, call }: StrongRequest & { kind: 'submit' },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const before = strong.visibility?.before(space, { signal })
  const vector = before === undefined ? undefined : await before
  const isSame = vector === undefined && call.vector === undefined
  const command: CallCommand = isSame ? call : { ...call, vector }
  return await shown(
    strong,
    space,
    await strong.log.submit(group, command, { space, signal }),
    signal,
  )
}

/** Once this peer shows what an outcome carries, it needs no more of it. */
async function shown(
  strong: StrongHost,
  space: string,
  outcome: Outcome,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (outcome.kind === 'withdrawn' || outcome.vector === undefined) return encodeOutcome(outcome)
  const after = strong.visibility?.after(space, outcome.vector, { signal })
  if (after !== undefined) await after
  return encodeOutcome({ ...outcome, vector: undefined })
}
