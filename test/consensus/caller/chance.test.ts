import assert from 'node:assert/strict'
import { isJoineryError } from '@joinery/crdt-objects'
import fc from 'fast-check'
import { CallerRig, type Followed } from '#test/fixtures/caller-rig.ts'
import type { Fault } from '#test/fixtures/model-group.ts'

type Step =
  | {
      readonly kind: 'call'
      readonly method: 'put' | 'take'
      readonly timeoutMs: number | undefined
    }
  | { readonly kind: 'abort'; readonly which: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'expire' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      method: fc.constantFrom('put' as const, 'take' as const),
      timeoutMs: fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('abort' as const), which: fc.nat(20) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.integer({ min: 1, max: 60 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'expire' as const }) },
)
const faults = fc.array(
  fc.constantFrom<Fault>(undefined, undefined, 'request-lost', 'answer-lost', 'refused'),
  { minLength: 5, maxLength: 40 },
)

interface Call extends Followed {
  readonly mark: number
  readonly aborting: AbortController
}

describe('Strong calls under chance', () => {
  it('are applied once or not at all, and what their callers are told of it is true', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), faults, async (steps, drawn) => {
        const rig = new CallerRig({ withdrawMs: 100 })
        const pot = await rig.open()
        const undone = new Set<number>()
        let asked = 0
        rig.group.fault = () => drawn[asked++ % drawn.length]
        const calls: Call[] = []
        for (const one of steps) {
          if (one.kind === 'pass') await rig.pass(one.ms)
          else if (one.kind === 'abort') calls[one.which % calls.length]?.aborting.abort()
          else if (one.kind === 'expire')
            for (const id of [...rig.group.sessions.keys()]) rig.group.end(id)
          else {
            const mark = calls.length
            const aborting = new AbortController()
            const options = { timeoutMs: one.timeoutMs, signal: aborting.signal }
            const undo = (): void => void undone.add(mark)
            const followed = rig.follow(pot, one.method, [1, mark], { options, undo })
            calls.push(Object.assign(followed, { mark, aborting }))
          }
        }
        // The network heals: whatever is still under way comes to its end.
        rig.group.fault = () => undefined
        await rig.pass(2000)
        for (const call of calls) call.aborting.abort()
        await rig.pass(2000)
        for (const { mark, answer, error } of calls) {
          const applied = rig.group.appliedByMark.get(mark) ?? 0
          assert.ok(applied <= 1, `call ${mark} was applied ${applied} times`)
          assert.ok(answer !== undefined || error !== undefined, `call ${mark} has no end`)
          if (answer !== undefined) assert.equal(applied, 1, `call ${mark} was answered`)
          if (isNotApplied(error)) assert.equal(applied, 0, `call ${mark}: ${String(error)}`)
          assert.ok(!undone.has(mark) || (applied === 1 && answer === undefined))
        }
        assert.equal(rig.group.waiting, 0)
      }),
      { numRuns: 60 },
    )
  })
})

function isNotApplied(error: unknown): boolean {
  if (!isJoineryError(error)) return false
  return (error.details as { readonly outcome?: string }).outcome === 'not-applied'
}
