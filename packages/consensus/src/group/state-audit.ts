import type { StateMachine } from '../host/state-machine.ts'
import type { NodeId } from '../raft/types.ts'
import { Checkpoints } from './checkpoints.ts'
import { type Divergence, HashComparison } from './hash-comparison.ts'
import type { StateHashes } from './member-message.ts'
import type { GroupOptions } from './options.ts'

/** Finds objects whose states differ among the members: each hashes at the same places, and the leader compares. */
export class StateAudit {
  readonly #id: NodeId
  readonly #checkpoints: Checkpoints
  readonly #comparison = new HashComparison()

  constructor(id: NodeId, machine: StateMachine, options: GroupOptions) {
    this.#id = id
    this.#checkpoints = new Checkpoints(machine, options)
  }

  /** Whether anything has changed since the last checkpoint. */
  get isUnchecked(): boolean {
    return this.#checkpoints.isUnchecked
  }

  /** The entry at `index` was applied. Gives what the leader is to be told, when it was a checkpoint. */
  applied(index: number, hasChanged: boolean): StateHashes | undefined {
    const hashes = this.#checkpoints.applied(hasChanged)
    return hashes === undefined ? undefined : { kind: 'state-hashes', index, hashes }
  }

  /** The state is that of a snapshot. */
  restored(): void {
    this.#checkpoints.restored()
  }

  /** Of a leader: what a member, or itself, has found. */
  add(member: NodeId, { index, hashes }: StateHashes): void {
    this.#comparison.add(member, index, hashes)
  }

  /** Of a leader, each tick: what the checkpoints show on which all have reported. */
  tick(members: readonly NodeId[]): readonly Divergence[] {
    this.#comparison.tick()
    return this.#comparison.take(members, this.#id)
  }

  /** No leader any more. */
  clear(): void {
    this.#comparison.clear()
  }
}
