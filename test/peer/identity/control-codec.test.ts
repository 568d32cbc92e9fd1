import { strict as assert } from 'node:assert'
import fastCheck from 'fast-check'
import { isJoineryError } from '@joinery/crdt-objects'
import { decodeControlState, encodeControlState } from '#peer/identity/core/control-codec.ts'
import { mutate, mutations } from '#test/suites/hostile-bytes.ts'
import { increment, Rig } from './rig.ts'

/** A state with some of everything in it. */
function rich(): Rig {
  const rig = new Rig()
  const members = [rig.join(), rig.join(), rig.join(), rig.join(), rig.join()]
  const [first, second, third, fourth, fifth] = members
  for (const keeper of [first!, second!, third!]) rig.appoint(keeper)
  first!.take(fifth!.write(increment(1)))
  rig.expire(fifth!)
  rig.contactAll(first!, second!, third!, fourth!)
  rig.appoint(fourth!, third)
  const joiner = rig.newcomer()
  joiner.contact()
  rig.expire(joiner)
  rig.closeEpoch()
  rig.contactAll(first!)
  const founded = { kind: 'found', keepers: 1, durability: 1 } as const
  rig.apply({ ...founded, space: 'leased', lifetime: { leaseMs: 1_000 } })
  rig.apply({ ...founded, space: 'ended', lifetime: 'keep' })
  rig.apply({ kind: 'end-space', space: 'ended' })
  return rig
}

describe('the encoding of the control state', () => {
  it('brings back what was encoded', () => {
    const { control, space } = rich()
    assert.ok(space.sealingBySlot.size > 0 && space.records.length > 0)
    const bytes = encodeControlState(control)
    const decoded = decodeControlState(bytes)
    assert.deepEqual(encodeControlState(decoded), bytes)
    assert.deepEqual(decoded.spaceByName, control.spaceByName)
    assert.deepEqual([...decoded.unsweptByName], [['ended', 1]])
  })

  it('is refused when it is damaged, and never fails in another way', () => {
    const bytes = encodeControlState(rich().control)
    fastCheck.assert(
      fastCheck.property(mutations, (applied) => {
        try {
          decodeControlState(mutate(bytes, applied))
        } catch (error) {
          assert.ok(isJoineryError(error) && error.code === 'ENCODING_INVALID', String(error))
        }
      }),
    )
  })

  it('is refused beyond the bounds of who reads it', () => {
    const bytes = encodeControlState(rich().control)
    for (const limits of [{ slotsMax: 2 }, { spacesMax: 0 }, { endedSessionsMax: 0 }]) {
      assert.throws(() => decodeControlState(bytes, limits), { code: 'ENCODING_INVALID' })
    }
  })
})
