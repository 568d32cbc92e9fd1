import { strict as assert } from 'node:assert'
import { decodeConfigChange } from '#consensus/raft/config-change.ts'
import type { Message } from '#consensus/raft/message.ts'
import type { RaftConfig } from '#consensus/raft/raft-config.ts'
import type { ConfState, Entry, NodeId, Snapshot } from '#consensus/raft/types.ts'
import { ScriptLog } from '#test/conformance/script-log.ts'
import { ScriptMember } from '#test/conformance/script-member.ts'

export interface Faults {
  /** Of messages, each from 0 up to 1. */
  readonly loss: number
  readonly repeat: number
  readonly reorder: number
}

const voters: readonly NodeId[] = [1, 2, 3]
const spare: NodeId = 4
const startState: ConfState = {
  voters,
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
}

/**
 * A small group under a random schedule: time, messages, disks, crashes, proposals and changes of membership come in any
 * order. After each move what Raft promises is checked against everything that ever happened.
 */
export class RandomGroup {
  readonly #random: () => number
  readonly #config: Omit<RaftConfig, 'id' | 'log'>
  readonly #members = new Map<NodeId, ScriptMember>()
  readonly #leaderByTerm = new Map<number, NodeId>()
  /** What was applied at each index, by whoever applied it first. */
  readonly #applied: string[] = []
  readonly #appliedBy = new Map<NodeId, number>()
  #messages: Message[] = []
  #proposals = 0

  constructor(random: () => number, options: Partial<RaftConfig>) {
    this.#random = random
    this.#config = {
      electionTicks: 4,
      heartbeatTicks: 1,
      random,
      stepDownOnRemoval: true,
      inflightMessagesMax: 4,
      messageBytesMax: 64,
      ...options,
    }
    for (const id of [...voters, spare])
      this.#start(id, new ScriptLog(startSnapshot(id)), id === spare ? 0 : 2)
  }

  /** The highest index that anybody applied. */
  get appliedIndex(): number {
    return this.#applied.length - 1
  }

  move(faults: Faults): void {
    const member = this.#pick([...this.#members.values()])
    const choice = this.#random()
    if (choice < 0.45) this.#deliver(faults)
    else if (choice < 0.84) this.#work(member)
    else if (choice < 0.89) member.node.tick()
    else if (choice < 0.95) this.#propose(member)
    else if (choice < 0.96) this.#crash(member)
    else if (choice < 0.975) this.#changeMembers(member)
    else if (choice < 0.98) member.node.transferLeader(this.#pick(voters))
    else if (choice < 0.99) this.#compact(member)
    else this.#report(member)
    this.#check()
  }

  /** Without faults, until everybody who is in the group has applied the same. */
  heal(): void {
    this.#messages = []
    for (let round = 0; round < 400; round++) {
      for (const member of this.#members.values()) {
        member.node.tick()
        this.#report(member)
        for (let n = 0; n < 3; n++) this.#work(member)
      }
      const messages = this.#messages
      this.#messages = []
      for (const message of messages) this.#members.get(message.to)?.node.step(message)
      if (round > 20 && this.#isSettled()) break
      if (round % 20 === 19) this.#propose(this.#pick([...this.#members.values()]))
      this.#check()
    }
    assert.ok(this.#isSettled(), 'a group without faults comes to one state')
  }

  #isSettled(): boolean {
    const leader = [...this.#members.values()].find(({ node }) => node.role === 'leader')
    if (leader === undefined || leader.node.committed < leader.node.lastIndex) return false
    return leader.node.confState.voters.every((id) => {
      return this.#members.get(id)?.node.applied === leader.node.lastIndex
    })
  }

  #start(id: NodeId, log: ScriptLog, applied = 0): void {
    this.#members.set(id, new ScriptMember({ ...this.#config, id, log, applied }))
  }

  /** Takes a message off the network: the first, or any. */
  #deliver({ loss, repeat, reorder }: Faults): void {
    if (this.#messages.length === 0) return
    const isAny = this.#random() < reorder
    const place = isAny ? Math.floor(this.#random() * this.#messages.length) : 0
    const message = this.#messages[place]!
    if (isLocal(message) || this.#random() >= repeat) this.#messages.splice(place, 1)
    if (!isLocal(message) && this.#random() < loss) return
    this.#members.get(message.to)?.node.step(message)
  }

  /** Whatever is due: a `Ready`, or one thing of each thread of storage. */
  #work(member: ScriptMember): void {
    const { node } = member
    if (node.hasReady()) {
      const ready = node.ready()
      const outgoing = member.carryOut(ready)
      this.#messages.push(...outgoing)
      if (!this.#config.asyncStorageWrites) {
        this.#note(node.id, ready.committedEntries)
        node.advance()
      }
      return
    }
    const append = member.appendWork.shift()
    if (append !== undefined) {
      member.append(append)
      this.#respond(member, append.responses)
    }
    const apply = member.applyWork.shift()
    if (apply !== undefined) {
      member.apply(apply)
      this.#note(node.id, apply.entries)
      this.#respond(member, apply.responses)
    }
  }

  /** Storage's own answers do not cross the network. */
  #respond(member: ScriptMember, responses: readonly Message[]): void {
    for (const response of responses) {
      if (isLocal(response)) member.node.step(response)
      else this.#messages.push(response)
    }
  }

  #propose({ node }: ScriptMember): void {
    node.propose([new TextEncoder().encode(`${++this.#proposals}`)])
  }

  #changeMembers({ node }: ScriptMember): void {
    const id = this.#pick([...voters, spare])
    const kind = this.#pick(['add-voter', 'add-learner', 'remove'] as const)
    const other = this.#pick([...voters, spare])
    const changes =
      this.#random() < 0.5
        ? [{ kind, id }]
        : [{ kind, id }, { kind: 'add-voter', id: other } as const]
    // Two ways to stop a group for good: of two one goes, and a leader removes itself who holds more than the others.
    const isRemoval = kind !== 'add-voter'
    if (isRemoval && (node.confState.voters.length < 3 || id === node.leader)) return
    node.proposeChange({ transition: 'auto', changes, context: new Uint8Array(0) })
  }

  /** Loses what storage was not done with. */
  #crash({ node, log }: ScriptMember): void {
    this.#messages = this.#messages.filter((message) => {
      return !(isLocal(message) && (message.to === node.id || message.from === node.id))
    })
    this.#start(node.id, log, log.snapshot().index)
    this.#appliedBy.set(node.id, log.snapshot().index)
  }

  #compact({ node, log }: ScriptMember): void {
    const index = Math.min(node.applied, log.lastIndex())
    if (index >= log.firstIndex()) log.compact(index)
  }

  /** Of each snapshot and message the driver may hear that it was lost. */
  #report({ node }: ScriptMember): void {
    for (const { id, state } of node.status().progress) {
      if (state === 'snapshot' && this.#random() < 0.3)
        node.reportSnapshot(id, this.#random() < 0.5)
      else if (this.#random() < 0.1) node.reportUnreachable(id)
    }
  }

  #pick<Value>(values: readonly Value[]): Value {
    return values[Math.floor(this.#random() * values.length)]!
  }

  /** State Machine Safety: what one applied at an index, all do. */
  #note(id: NodeId, entries: readonly Entry[]): void {
    for (const entry of entries) {
      const { index } = entry
      const text = describe(entry)
      this.#applied[index] ??= text
      assert.equal(text, this.#applied[index], `entry ${index} is applied alike by ${id}`)
      const last = this.#appliedBy.get(id) ?? 0
      assert.ok(index > last, `${id} applies ${index} once`)
      this.#appliedBy.set(id, index)
    }
  }

  #check(): void {
    for (const { node } of this.#members.values()) {
      if (node.role === 'leader') {
        const other = this.#leaderByTerm.get(node.term) ?? node.id
        assert.equal(node.id, other, `term ${node.term} has one leader`)
        this.#leaderByTerm.set(node.term, node.id)
      }
      assert.deepEqual(
        node.takeIgnored().filter(isSurprising),
        [],
        'correct members understand each other',
      )
    }
    if (this.#random() < 0.05) this.#checkLogs()
  }

  /** Log Matching: one index and term name one entry, and all before it. Leader Completeness, by what was applied. */
  #checkLogs(): void {
    const contentByPosition = new Map<string, string>()
    for (const { log } of this.#members.values()) {
      const entries = log.entries(log.firstIndex(), log.lastIndex() + 1, Infinity)
      assert.ok(typeof entries !== 'string')
      for (const entry of entries) {
        const position = `${entry.term}/${entry.index}`
        const text = describe(entry)
        assert.equal(contentByPosition.get(position) ?? text, text, `one entry is at ${position}`)
        contentByPosition.set(position, text)
      }
    }
    const leaders = [...this.#members.values()].filter(({ node }) => node.role === 'leader')
    const latest = Math.max(0, ...this.#leaderByTerm.keys())
    for (const { node } of leaders) {
      if (node.term < latest) continue
      assert.ok(node.lastIndex >= this.appliedIndex, 'the latest leader holds all that was applied')
    }
  }
}

function isSurprising({ reason }: { readonly reason: string }): boolean {
  return !['proposal-dropped', 'peer-not-found', 'configuration-invalid'].includes(reason)
}

function isLocal({ from, to }: Message): boolean {
  return from < 0 || from === to
}

function describe({ type, term, index, data }: Entry): string {
  const change = decodeConfigChange(type, data)
  const text =
    change === undefined ? new TextDecoder().decode(data) : JSON.stringify(change.changes)
  return `${term}/${index} ${text}`
}

/**
 * A founder's state is at index 2, so that who joins must get a snapshot: the log does not tell whom the group had at first.
 */
function startSnapshot(id: NodeId): Snapshot {
  const data = new Uint8Array(0)
  return id === spare
    ? { index: 0, term: 0, confState: { ...startState, voters: [] }, data }
    : { index: 2, term: 1, confState: startState, data }
}
