import { strict as assert } from 'node:assert'
import { decodeBatch } from '#consensus/host/command-codec.ts'
import type { Command, SessionId } from '#consensus/host/command.ts'
import type { Applied, Outcome, Parked } from '#consensus/host/outcome.ts'
import type { Entry } from '#consensus/raft/types.ts'
import { keyOfValue } from '#test/linearizability/model.ts'

/** Failures that a group answers and does not keep: the same call may be answered otherwise another time. */
const passing = new Set(['SESSION_EXPIRED', 'GROUP_BUSY'])

/**
 * What a group has done, as it was first seen anywhere: whatever else any member does, or any client is told, must agree
 * with it. It fails at the moment at which something does not.
 */
export class Truth {
  /** The data of the n-th entry that was applied, at n - 1. */
  readonly #applied: Uint8Array[] = []
  readonly #states = new Map<number, Uint8Array>()
  readonly #outcomes = new Map<string, Outcome>()
  readonly #leaders = new Map<number, number>()
  /** By term and index: what stands there, and the term before it. */
  readonly #entries = new Map<string, { readonly before: number; readonly data: Uint8Array }>()
  /** Called when a member is the first to apply an entry. */
  onFirst: (member: number) => void = () => undefined
  commands = 0
  /** Answers to clients that were compared with what was applied. */
  replies = 0

  get entries(): number {
    return this.#applied.length
  }

  /** A member has applied its n-th entry. */
  applied(member: number, n: number, data: Uint8Array, applied: Applied): void {
    const known = this.#applied[n - 1]
    if (known !== undefined) {
      if (!isEqual(known, data)) assert.fail(`member ${member} applied another entry ${n}`)
      return
    }
    if (n !== this.#applied.length + 1) assert.fail(`member ${member} left out entries before ${n}`)
    this.#applied.push(data)
    const { commands } = decodeBatch(data)
    this.commands += commands.length
    commands.forEach((command, i) => this.#noteCommand(command, applied.outcomes[i]!))
    for (const { session, sequence, outcome } of applied.released) {
      this.#note(session, sequence, outcome)
    }
    this.onFirst(member)
  }

  /** The state of a member after its n-th entry. */
  state(member: number, n: number, state: Uint8Array): void {
    const known = this.#states.get(n)
    if (known === undefined) this.#states.set(n, state)
    else if (!isEqual(known, state)) {
      assert.fail(`member ${member} has another state after entry ${n}`)
    }
  }

  leads(member: number, term: number): void {
    const known = this.#leaders.get(term) ?? member
    assert.equal(member, known, `term ${term} has one leader`)
    this.#leaders.set(term, member)
  }

  get elections(): number {
    return this.#leaders.size
  }

  /** A member writes entries after one of the term `before`: the same term and index mean the same log up to there. */
  written(member: number, entries: readonly Entry[], before: number): void {
    for (const { term, index, data } of entries) {
      const key = `${term} ${index}`
      const known = this.#entries.get(key)
      if (known === undefined) this.#entries.set(key, { before, data })
      else if (known.before !== before || !isEqual(known.data, data)) {
        assert.fail(`member ${member} has another log up to index ${index} of term ${term}`)
      }
      before = term
    }
  }

  /** A client was told that this became of its call. */
  replied(session: SessionId, sequence: number, outcome: Outcome): void {
    if (isPassing(outcome)) return
    this.replies++
    const known = this.#outcomes.get(keyOf(session, sequence))
    if (known === undefined) assert.fail(`an answer to ${sequence} of ${session} was not applied`)
    assert.equal(keyOfValue(outcome), keyOfValue(known), 'the answer is what was applied')
  }

  /** What became of a call; undefined when nothing did. */
  outcomeOf(session: SessionId, sequence: number): Outcome | undefined {
    return this.#outcomes.get(keyOf(session, sequence))
  }

  #noteCommand(command: Command, outcome: Outcome | Parked): void {
    if (outcome.kind === 'parked') return
    if (command.kind === 'call') this.#note(command.session, command.sequence, outcome)
    if (command.kind !== 'withdraw') return
    this.#note(command.session, command.sequence, outcome)
  }

  #note(session: SessionId, sequence: number, outcome: Outcome): void {
    if (isPassing(outcome)) return
    const key = keyOf(session, sequence)
    const known = this.#outcomes.get(key)
    if (known === undefined) this.#outcomes.set(key, outcome)
    else {
      const what = `call ${sequence} of ${session} has one outcome`
      assert.equal(keyOfValue(outcome), keyOfValue(known), what)
    }
  }
}

function isPassing(outcome: Outcome): boolean {
  return outcome.kind === 'failed' && passing.has(outcome.failure.code)
}

function keyOf(session: SessionId, sequence: number): string {
  return `${session} ${sequence}`
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || Buffer.compare(a, b) === 0
}
