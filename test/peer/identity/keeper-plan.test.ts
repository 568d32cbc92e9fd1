import { strict as assert } from 'node:assert'
import { ControlState } from '#peer/identity/core/control-state.ts'
import { dutyOf, dutySpacesMax } from '#peer/identity/keeper-plan.ts'

/** Three keepers for each space, of whom two hold what is acknowledged. */
class Spaces {
  readonly state = new ControlState()

  /** Has `session` be a member of `space`. */
  join(space: string, session: string, isStable = true): bigint {
    this.state.apply({ kind: 'found', space, keepers: 3, durability: 2 }, 0)
    const lease = { kind: 'lease', space, session, request: 1, isStable } as const
    const leased = this.state.apply(lease, 0)
    assert.ok(leased.kind === 'leased')
    const { member, epoch } = leased
    this.state.apply(
      { kind: 'activate', space, member, number: 1, epoch, held: [], settled: epoch },
      0,
    )
    return member
  }

  wanted(session = 'asker', from = 0): readonly string[] {
    return dutyOf(this.state, { session, from }).wanted
  }

  spare(session: string): readonly string[] {
    return dutyOf(this.state, { session, from: 0 }).spare
  }
}

describe('who asks for its duty as a keeper', () => {
  it('is told of spaces that fewer than enough have who stay', () => {
    const spaces = new Spaces()
    for (const session of ['a', 'b', 'c', 'd']) spaces.join('visited', session, false)
    for (const session of ['a', 'b', 'c']) spaces.join('kept', session)
    assert.deepEqual(spaces.wanted(), ['visited'])
    assert.deepEqual(spaces.wanted('a'), [], 'it is a member')
    spaces.state.apply({ kind: 'end-session', session: 'c' }, 0)
    assert.deepEqual(spaces.wanted(), ['visited', 'kept'])
    // Who has leased a slot is about to be a member.
    const lease = { kind: 'lease', space: 'kept', request: 1, isStable: true } as const
    spaces.state.apply({ ...lease, session: 'e' }, 0)
    assert.deepEqual(spaces.wanted(), ['visited'])
  })

  it('is not told of spaces of which nobody has anything', () => {
    const spaces = new Spaces()
    spaces.state.apply({ kind: 'found', space: 'empty', keepers: 3, durability: 2 }, 0)
    const lease = { kind: 'lease', space: 'empty', request: 1 } as const
    spaces.state.apply({ ...lease, session: 'a' }, 0)
    assert.deepEqual(spaces.wanted(), [])
  })

  it('is told of a part, from where it says', () => {
    const spaces = new Spaces()
    const names = Array.from({ length: 100 }, (_, i) => `space ${i}`)
    for (const name of names) spaces.join(name, 'a')
    assert.deepEqual(spaces.wanted(), names.slice(0, dutySpacesMax))
    const last = [...names.slice(50), ...names.slice(0, 50)]
    assert.deepEqual(spaces.wanted('asker', 0.5), last.slice(0, dutySpacesMax))
  })

  it('may let go of what enough others keep, all of whom stay', () => {
    const spaces = new Spaces()
    const fleeting = spaces.join('s', 'fleeting', false)
    const [, , spare] = ['a', 'b', 'c'].map((session) => spaces.join('s', session))
    assert.deepEqual(spaces.spare('c'), [], 'it is to take the place of who does not stay')
    spaces.join('s', 'd')
    const change = { space: 's', incoming: spare!, outgoing: fleeting } as const
    spaces.state.apply({ kind: 'appoint-keeper', ...change }, 0)
    assert.deepEqual(spaces.spare('d'), [], 'the set is not whole yet')
    const { version } = spaces.state.spaceByName.get('s')!.keepers
    const caughtUp = { kind: 'caught-up', space: 's', member: spare!, version } as const
    spaces.state.apply({ ...caughtUp, number: 2, epoch: 0 }, 0)
    assert.deepEqual(spaces.spare('d'), ['s'])
    assert.deepEqual(spaces.spare('c'), [])
    spaces.state.apply({ kind: 'end-session', session: 'a' }, 0)
    assert.deepEqual(spaces.spare('d'), [])
  })
})
