/* What the driver is to do next, out of what changed. */
import { entriesSize } from './entry-size.ts'
import {
  appendThread,
  applyThread,
  type Message,
  type StorageAppend,
  type StorageAppendResponse,
  type StorageApply,
  type StorageApplyResponse,
} from './message.ts'
import type { RaftState } from './raft-state.ts'
import type { Ready } from './ready.ts'
import type { Entry, HardState, ReadState, SoftState } from './types.ts'

const noEntries: readonly Entry[] = []
const noReadStates: readonly ReadState[] = []

/** Makes each `Ready` of one member, and remembers what the last one said. */
export class ReadyBuilder {
  readonly #state: RaftState
  readonly #isAsync: boolean
  #hardState: HardState
  #softState: SoftState

  constructor(state: RaftState) {
    this.#state = state
    this.#isAsync = state.config.asyncStorageWrites
    this.#hardState = state.hardState()
    this.#softState = { leader: state.leader, role: state.role }
  }

  get hasReady(): boolean {
    const state = this.#state
    return (
      state.messages.length > 0 ||
      state.messagesAfterAppend.length > 0 ||
      state.log.unstable.hasNextEntries ||
      state.readStates.length > 0 ||
      state.log.hasNextCommitted(!this.#isAsync) ||
      state.log.unstable.nextSnapshot() !== undefined ||
      this.#isHardStateNew() ||
      this.#isSoftStateNew()
    )
  }

  /** Takes everything out. `steps` gets what is to be stepped when the driver has done it all, in the synchronous form. */
  take(steps: Message[]): Ready {
    const state = this.#state
    const { log, messages, readStates } = state
    const hardState = this.#isHardStateNew() ? state.hardState() : undefined
    const entries = log.unstable.hasNextEntries ? log.unstable.nextEntries() : noEntries
    const ready: Ready = {
      softState: this.#isSoftStateNew() ? { leader: state.leader, role: state.role } : undefined,
      hardState,
      readStates: readStates.length > 0 ? readStates : noReadStates,
      entries,
      snapshot: log.unstable.nextSnapshot(),
      committedEntries: log.nextCommitted(!this.#isAsync),
      messages,
      mustSync: entries.length > 0 || (hardState !== undefined && this.#isPromise(hardState)),
    }
    if (this.#isAsync) this.#addStorageMessages(ready, messages)
    else this.#addMessagesAfterAppend(ready, messages, steps)
    this.#accept(ready)
    return ready
  }

  #addStorageMessages(ready: Ready, messages: Message[]): void {
    const { id, messagesAfterAppend } = this.#state
    const { hardState, entries, snapshot, committedEntries } = ready
    const isAnythingNew = hardState !== undefined || entries.length > 0 || snapshot !== undefined
    if (isAnythingNew || messagesAfterAppend.length > 0) {
      const responses: Message[] = messagesAfterAppend
      // Last, so that our own acknowledgement is counted while the entries are still in memory.
      if (this.#needsStored(ready)) responses.push(this.#stored(ready))
      const message: StorageAppend = {
        type: 'storage-append',
        from: id,
        to: appendThread,
        term: hardState?.term ?? 0,
        hardState,
        entries,
        snapshot,
        responses,
      }
      messages.push(message)
    }
    if (committedEntries.length > 0) {
      const responses = [applied(id, committedEntries)] as const
      const message: StorageApply = {
        type: 'storage-apply',
        from: id,
        to: applyThread,
        term: 0,
        entries: committedEntries,
        responses,
      }
      messages.push(message)
    }
  }

  #addMessagesAfterAppend(ready: Ready, messages: Message[], steps: Message[]): void {
    const { id, messagesAfterAppend } = this.#state
    for (const message of messagesAfterAppend) {
      if (message.to === id) steps.push(message)
      else messages.push(message)
    }
    if (this.#needsStored(ready)) steps.push(this.#stored(ready))
    if (ready.committedEntries.length > 0) steps.push(applied(id, ready.committedEntries))
  }

  #accept(ready: Ready): void {
    const state = this.#state
    if (ready.softState !== undefined) this.#softState = ready.softState
    if (ready.hardState !== undefined) this.#hardState = ready.hardState
    // The driver keeps the old ones.
    state.messages = []
    if (state.readStates.length > 0) state.readStates = []
    state.messagesAfterAppend = []
    state.log.unstable.acceptInProgress()
    const last = ready.committedEntries.at(-1)
    if (last === undefined) return
    state.log.acceptApplying(last.index, entriesSize(ready.committedEntries), !this.#isAsync)
  }

  #needsStored(ready: Ready): boolean {
    return this.#state.log.unstable.length > 0 || ready.snapshot !== undefined
  }

  /** Says when it comes back that everything unstable until now is stable, though some of it went to storage earlier. */
  #stored({ snapshot }: Ready): StorageAppendResponse {
    const { id, term, log } = this.#state
    const hasEntries = log.unstable.length > 0
    return {
      type: 'storage-append-response',
      from: appendThread,
      to: id,
      term,
      index: hasEntries ? log.lastIndex() : 0,
      logTerm: hasEntries ? log.lastTerm() : 0,
      snapshot,
    }
  }

  #isHardStateNew(): boolean {
    const { term, vote, log } = this.#state
    const last = this.#hardState
    return term !== last.term || vote !== last.vote || log.committed !== last.commit
  }

  /** The commit index promises nothing. */
  #isPromise({ term, vote }: HardState): boolean {
    return term !== this.#hardState.term || vote !== this.#hardState.vote
  }

  #isSoftStateNew(): boolean {
    return (
      this.#state.leader !== this.#softState.leader || this.#state.role !== this.#softState.role
    )
  }
}

function applied(id: number, entries: readonly Entry[]): StorageApplyResponse {
  return { type: 'storage-apply-response', from: applyThread, to: id, term: 0, entries }
}
