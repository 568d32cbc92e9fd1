import { GroupState } from '#consensus/host/group-state.ts'
import type { Query } from '#consensus/host/command.ts'
import type { HostedType } from '#consensus/host/hosted-object.ts'
import type { Applied, Outcome } from '#consensus/host/outcome.ts'
import type { StateMachine } from '#consensus/host/state-machine.ts'
import type { Truth } from './truth.ts'

/** States are compared after each so many entries. */
const STATE_ENTRIES = 32
const HEADER_BYTES = 8

/** The state machine of a member, whose every step is compared with the truth. Its snapshots tell how many it has done. */
export class ObservedMachine implements StateMachine {
  readonly state: GroupState
  readonly #member: number
  readonly #truth: Truth
  #count = 0

  constructor(member: number, truth: Truth, types: readonly HostedType[]) {
    this.#member = member
    this.#truth = truth
    this.state = new GroupState(types)
  }

  /** Entries that were applied since the birth of the group. */
  get count(): number {
    return this.#count
  }

  get position(): number {
    return this.state.position
  }

  get nowMs(): number {
    return this.state.nowMs
  }

  get nextDueMs(): number | undefined {
    return this.state.nextDueMs
  }

  apply(data: Uint8Array): Applied {
    const applied = this.state.apply(data)
    const count = ++this.#count
    this.#truth.applied(this.#member, count, data, applied)
    if (count % STATE_ENTRIES === 0) this.compare()
    return applied
  }

  /** Compares the whole state with what others had at the same place. */
  compare(): void {
    this.#truth.state(this.#member, this.#count, this.state.snapshot())
  }

  read(query: Query): Outcome {
    return this.state.read(query)
  }

  changedAt(object: number): number | undefined {
    return this.state.changedAt(object)
  }

  sessions(): Iterable<readonly [session: string, leaseMs: number]> {
    return this.state.sessions()
  }

  snapshot(): Uint8Array {
    const inner = this.state.snapshot()
    const bytes = new Uint8Array(HEADER_BYTES + inner.length)
    new DataView(bytes.buffer).setFloat64(0, this.#count)
    bytes.set(inner, HEADER_BYTES)
    return bytes
  }

  restore(snapshot: Uint8Array): void {
    this.state.restore(snapshot.subarray(HEADER_BYTES))
    this.#count = new DataView(snapshot.buffer, snapshot.byteOffset).getFloat64(0)
    this.compare()
  }

  takeHashes(): ReadonlyMap<number, bigint> {
    return this.state.takeHashes()
  }
}
