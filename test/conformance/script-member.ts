import { decodeConfigChange } from '#consensus/raft/config-change.ts'
import type { Message, StorageAppend, StorageApply } from '#consensus/raft/message.ts'
import type { RaftConfig } from '#consensus/raft/raft-config.ts'
import { RaftNode } from '#consensus/raft/raft-node.ts'
import type { Ready } from '#consensus/raft/ready.ts'
import type { ConfState, Entry } from '#consensus/raft/types.ts'
import type { ScriptLog } from './script-log.ts'

/** One member of a script's group: its core, its storage, and what storage has to do when that is asynchronous. */
export class ScriptMember {
  readonly node: RaftNode
  readonly log: ScriptLog
  readonly config: RaftConfig
  readonly appendWork: StorageAppend[] = []
  readonly applyWork: StorageApply[] = []

  constructor(config: RaftConfig & { readonly log: ScriptLog }) {
    this.log = config.log
    this.config = config
    this.node = new RaftNode(config)
  }

  /** Carries a `Ready` out, up to `advance`; gives what goes to others. */
  carryOut(ready: Ready): Message[] {
    if (!this.config.asyncStorageWrites) {
      this.log.write(ready)
      this.#apply(ready.committedEntries)
    }
    const outgoing: Message[] = []
    for (const message of ready.messages) {
      if (message.type === 'storage-append') this.appendWork.push(message)
      else if (message.type === 'storage-apply') this.applyWork.push(message)
      else outgoing.push(message)
    }
    return outgoing
  }

  append(message: StorageAppend): void {
    this.log.write(message)
  }

  apply(message: StorageApply): void {
    this.#apply(message.entries)
  }

  /** The state machine appends what it is given to what it has. */
  #apply(entries: readonly Entry[]): void {
    for (const { type, index, term, data } of entries) {
      const last = this.log.snapshot()
      const change = decodeConfigChange(type, data)
      const confState: ConfState =
        change === undefined ? last.confState : this.node.applyChange(change)
      const update = change === undefined ? data : change.context
      const state = new Uint8Array([...last.data, ...update])
      this.log.history.push({ index, term, confState, data: state })
    }
  }
}
