import type { Applied, Outcome } from '../host/outcome.ts'
import { memberIds } from '../raft/configuration.ts'
import type { ConfState, Entry, NodeId, Snapshot } from '../raft/types.ts'
import type { Answer } from './answers.ts'
import type { Compactor } from './compactor.ts'
import type { LeaderDuties } from './leader-duties.ts'
import type { StateHashes } from './member-message.ts'
import type { Membership } from './membership.ts'
import type { GroupPorts } from './ports.ts'
import type { Proposals } from './proposals.ts'
import type { StateAudit } from './state-audit.ts'
import type { Watches } from './watches.ts'

/** Whom applied entries concern. */
export interface ApplierParts {
  readonly proposals: Proposals
  readonly watches: Watches
  readonly duties: LeaderDuties
  readonly audit: StateAudit
  readonly compactor: Compactor
  readonly membership: Membership
  readonly answer: Answer
  /** The term that this member leads; 0 when it does not. */
  leadingTerm(): number
  /** Gives the leader what a checkpoint has found. */
  checked(hashes: StateHashes): void
}

/** Applies what is committed, in order, and tells whoever waits for it. */
export class Applier {
  readonly #id: NodeId
  readonly #ports: GroupPorts
  readonly #parts: ApplierParts
  #index = 0
  #confState: ConfState

  /** Sets the machine to the storage's snapshot. Throws what `restore` throws. */
  constructor(id: NodeId, ports: GroupPorts, parts: ApplierParts) {
    this.#id = id
    this.#ports = ports
    this.#parts = parts
    this.#confState = ports.storage.initialState().confState
    const snapshot = ports.storage.snapshot()
    if (snapshot === 'snapshot-temporarily-unavailable' || snapshot.index === 0) return
    this.#take(snapshot)
  }

  /** The last entry that was applied. */
  get index(): number {
    return this.#index
  }

  /** Who is in the group, at {@link Applier.index}. */
  get confState(): ConfState {
    return this.#confState
  }

  get members(): readonly NodeId[] {
    return memberIds(this.#confState)
  }

  apply(entry: Entry): void {
    const { proposals, watches, answer, audit } = this.#parts
    this.#note(entry)
    this.#parts.membership.applied(entry, false)
    if (entry.data.length === 0) return
    const applied = this.#ports.machine.apply(entry.data)
    this.#parts.duties.observe()
    this.#settle(entry, applied)
    proposals.release(applied, answer)
    watches.changed(applied.changed, answer)
    const hashes = audit.applied(entry.index, applied.changed.length > 0)
    if (hashes !== undefined) this.#parts.checked(hashes)
  }

  /** A change of the members, or (`confState` undefined) one that does not decode. */
  configure(entry: Entry, confState: ConfState | undefined): void {
    this.#note(entry)
    this.#parts.membership.applied(entry, confState !== undefined)
    if (confState !== undefined) this.#setConfState(confState)
  }

  /** @throws JoineryError ENCODING_INVALID; nothing changed */
  restore(snapshot: Snapshot): void {
    const { watches, answer } = this.#parts
    this.#take(snapshot)
    watches.restored(answer)
    this.#setConfState(snapshot.confState)
  }

  #take(snapshot: Snapshot): void {
    this.#ports.machine.restore(snapshot.data)
    this.#index = snapshot.index
    this.#parts.duties.observe()
    this.#parts.compactor.restored(snapshot)
    this.#parts.audit.restored()
  }

  #note(entry: Entry): void {
    const { compactor, duties } = this.#parts
    this.#index = entry.index
    compactor.applied(entry)
    // With the first entry of its own term, a leader knows that all of the earlier ones is applied.
    if (!duties.isBegun && entry.term === this.#parts.leadingTerm()) duties.begin()
  }

  #settle({ index, term }: Entry, { outcomes }: Applied): void {
    const { proposals, duties, answer } = this.#parts
    const batch = proposals.take(index, term, (done) => answer(done, { kind: 'lost' }))
    batch?.forEach(({ command, done }, i) => {
      // A batch of ours decodes: if it does not, nobody knows what became of it.
      const outcome = outcomes[i]
      if (outcome === undefined) return answer(done, { kind: 'lost' })
      if (duties.isBegun) duties.applied(command, outcome)
      if (outcome.kind !== 'parked') answer<Outcome>(done, outcome)
      else if (command.kind === 'call') proposals.park(command, done)
    })
  }

  #setConfState(confState: ConfState): void {
    const wasMember = this.members.includes(this.#id)
    this.#confState = confState
    const { voters, learners } = confState
    this.#ports.report({ kind: 'membership-changed', voters, learners })
    if (wasMember && !this.members.includes(this.#id)) this.#ports.report({ kind: 'removed' })
  }
}
