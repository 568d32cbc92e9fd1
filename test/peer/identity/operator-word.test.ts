import { strict as assert } from 'node:assert'
import { ControlState } from '#peer/identity/core/control-state.ts'
import { nameOf } from '#peer/identity/core/incarnation.ts'
import { askKeepers } from '#peer/identity/operator-word.ts'
import { answerAtOnce } from '#test/fixtures/answer-at-once.ts'

const space = 's'

/** Three keepers, and a member besides. */
function fourMembers(): { readonly state: ControlState; readonly lives: readonly string[] } {
  const state = new ControlState()
  state.apply({ kind: 'found', space, keepers: 3, durability: 2 }, 0)
  const lives = ['a', 'b', 'c', 'd'].map((session) => {
    const leased = state.apply({ kind: 'lease', space, session, request: 1 }, 0)
    assert.ok(leased.kind === 'leased')
    const { member, epoch } = leased
    state.apply({ kind: 'activate', space, member, number: 1, epoch, held: [], settled: epoch }, 0)
    return nameOf(member)
  })
  return { state, lives }
}

describe('an operator who asks who keeps a space', () => {
  it('is told what may be lost once too many are gone, and goes on with others by his word', async () => {
    const { state, lives } = fourMembers()
    const [a, b, c, d] = lives as [string, string, string, string]
    const ask = async (isWordGiven: boolean) =>
      await askKeepers(
        { ask: async (request) => await Promise.resolve(answerAtOnce(state, request, 0)) },
        space,
        isWordGiven,
      )
    assert.deepEqual(await ask(false), { keepers: [a, b, c], gone: [], mayLose: [] })
    state.apply({ kind: 'end-session', session: 'b' }, 0)
    assert.deepEqual(await ask(false), { keepers: [a, b, c], gone: [b], mayLose: [] })
    state.apply({ kind: 'end-session', session: 'c' }, 0)
    const stuck = { keepers: [a, b, c], gone: [b, c], mayLose: lives }
    assert.deepEqual(await ask(false), stuck)
    assert.equal(state.spaceByName.get(space)!.wordsGiven, 0)
    assert.deepEqual(await ask(true), { ...stuck, replaced: [a, d] })
    assert.deepEqual(await ask(true), { keepers: [a, d], gone: [], mayLose: [] })
    assert.equal(state.spaceByName.get(space)!.wordsGiven, 1)
  })

  it('is refused for a space that nobody has opened', async () => {
    const state = new ControlState()
    const asked = askKeepers(
      { ask: async (request) => await Promise.resolve(answerAtOnce(state, request, 0)) },
      space,
      true,
    )
    await assert.rejects(asked, { code: 'VALUE_INVALID' })
  })
})
