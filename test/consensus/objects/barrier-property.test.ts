import assert from 'node:assert/strict'
import { barrier, type BarrierHandle } from '@joinery/consensus'
import { isJoineryError } from '@joinery/crdt-objects'
import fc from 'fast-check'
import { type HarnessCaller, settle, StrongHarness } from '#test/fixtures/strong-harness.ts'
import { lawScale } from '#test/seed.ts'

const PARTIES = 4
const CALLERS = 5
const caller = fc.nat(CALLERS - 1)

const stepOf = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('wait' as const), caller }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('abort' as const), pick: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), caller }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset' as const), caller }) },
)
type Step = typeof stepOf extends fc.Arbitrary<infer T> ? T : never

interface Party {
  readonly caller: number
  readonly stop: AbortController
  end?: string
}

/** What became of each arrival, by the barrier; and beside it by a list of who is there. */
async function run(steps: readonly Step[], restarts: boolean): Promise<Uint8Array> {
  const harness = new StrongHarness({ restarts })
  const callers: HarnessCaller[] = []
  const turns: BarrierHandle[] = []
  const join = (i: number): void => {
    callers[i] = harness.caller()
    turns[i] = callers[i].open('b', barrier(PARTIES))
  }
  for (let i = 0; i < CALLERS; i++) join(i)

  let round = 0
  let there: Party[] = []
  const expected = new Map<Party, string>()
  const breakUp = (left: (party: Party) => boolean, how: string, reason: string): void => {
    const isBroken = there.some(left)
    if (!isBroken) return
    for (const party of there) expected.set(party, left(party) ? how : `broken ${reason} ${round}`)
    there = []
  }
  const arrive = (by: number): void => {
    const party: Party = { caller: by, stop: new AbortController() }
    there.push(party)
    if (there.length === PARTIES) {
      for (const each of there) expected.set(each, `passed ${round} ${each === party}`)
      there = []
      round += 1
    } else expected.set(party, 'waits')
    turns[by]!.wait({ signal: party.stop.signal }).then(
      (passed) => (party.end = `passed ${passed.round} ${passed.last}`),
      (error: unknown) => (party.end = failureOf(error)),
    )
  }

  for (const step of steps) {
    if (step.kind === 'wait') arrive(step.caller)
    else if (step.kind === 'reset') {
      breakUp(() => true, `broken reset ${round}`, 'reset')
      await turns[step.caller]!.reset()
    } else if (step.kind === 'expire') {
      breakUp((party) => party.caller === step.caller, 'expired', 'left')
      harness.expire(callers[step.caller]!)
      join(step.caller)
    } else if (there.length > 0) {
      const leaving = there[step.pick % there.length]!
      breakUp((party) => party === leaving, 'gave up', 'left')
      leaving.stop.abort(new Error('enough'))
    }
    await settle()
    for (const [party, end] of expected) assert.equal(party.end ?? 'waits', end)
    assert.deepEqual(await turns[0]!.read(), { parties: PARTIES, round, arrived: there.length })
  }
  return harness.machine.snapshot()
}

function failureOf(error: unknown): string {
  if (isJoineryError(error, 'BARRIER_BROKEN')) {
    return `broken ${error.details.reason} ${error.details.round}`
  }
  return isJoineryError(error, 'SESSION_EXPIRED') ? 'expired' : 'gave up'
}

describe('a barrier, whoever comes and leaves', () => {
  it('lets all of a round on, or none of them', async () => {
    const steps = fc.array(stepOf, { minLength: 1, maxLength: 40 })
    const agrees = async (list: readonly Step[]): Promise<void> => {
      assert.deepEqual(await run(list, true), await run(list, false))
    }
    await fc.assert(fc.asyncProperty(steps, agrees), { numRuns: 40 * lawScale })
  })
})
