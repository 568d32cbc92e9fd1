import { strict as assert } from 'node:assert'
import fastCheck from 'fast-check'
import {
  type ConfigChange,
  decodeConfigChange,
  encodeConfigChange,
  leaveJointChange,
} from '#consensus/raft/config-change.ts'
import {
  applyConfigChange,
  emptyConfiguration,
  isConfiguration,
  memberIds,
} from '#consensus/raft/configuration.ts'
import { majorityIndex, majorityVote } from '#consensus/raft/quorum.ts'

const change: fastCheck.Arbitrary<ConfigChange> = fastCheck.record({
  transition: fastCheck.constantFrom('auto', 'implicit', 'explicit'),
  changes: fastCheck.array(
    fastCheck.record({
      kind: fastCheck.constantFrom('add-voter', 'add-learner', 'remove', 'update'),
      id: fastCheck.oneof(fastCheck.nat(6), fastCheck.maxSafeNat()),
    }),
    { maxLength: 6 },
  ),
  context: fastCheck.uint8Array({ maxLength: 8 }),
})

describe('changes of the configuration', () => {
  it('decode to what was encoded', () => {
    fastCheck.assert(
      fastCheck.property(change, (original) => {
        const decoded = decodeConfigChange('config-v2', encodeConfigChange(original))
        assert.deepEqual({ ...decoded, context: [...decoded!.context] }, plain(original))
      }),
    )
  })

  it('leave a joint configuration with no bytes at all, which no bound refuses', () => {
    assert.equal(encodeConfigChange(leaveJointChange).length, 0)
    assert.deepEqual(decodeConfigChange('config-v2', new Uint8Array(0)), leaveJointChange)
  })

  it('are undefined for bytes that are none, and never throw', () => {
    fastCheck.assert(
      fastCheck.property(fastCheck.uint8Array({ maxLength: 12 }), (bytes) => {
        const decoded = decodeConfigChange('config-v2', bytes)
        for (const { id } of decoded?.changes ?? []) assert.ok(Number.isSafeInteger(id))
      }),
    )
    const cut = encodeConfigChange({
      ...leaveJointChange,
      changes: [{ kind: 'remove', id: 300 }],
    }).subarray(0, 3)
    assert.equal(decodeConfigChange('config-v2', cut), undefined)
  })

  it('of the type for one change hold one change', () => {
    const one = { kind: 'add-voter', id: 2 } as const
    const encoded = (changes: ConfigChange['changes']): Uint8Array => {
      return encodeConfigChange({ ...leaveJointChange, changes })
    }
    assert.deepEqual(decodeConfigChange('config', encoded([one]))?.changes, [one])
    assert.equal(decodeConfigChange('config', encoded([one, one])), undefined)
    assert.equal(decodeConfigChange('config', encoded([])), undefined)
  })

  it('make configurations out of configurations, and a joint one always ends', () => {
    fastCheck.assert(
      fastCheck.property(fastCheck.array(change, { maxLength: 12 }), (changes) => {
        let configuration = { ...emptyConfiguration, voters: [1, 2, 3] as readonly number[] }
        for (const next of changes) {
          const changed = applyConfigChange(configuration, next)
          if (typeof changed === 'string') continue
          assert.ok(isConfiguration(changed.configuration), JSON.stringify(changed))
          configuration = { ...changed.configuration }
        }
        if (configuration.votersOutgoing.length === 0) return
        const left = applyConfigChange(configuration, leaveJointChange)
        assert.ok(typeof left !== 'string')
        assert.deepEqual(left.configuration.voters, configuration.voters)
        const { learners, learnersNext } = configuration
        assert.equal(left.configuration.learners.length, learners.length + learnersNext.length)
      }),
    )
  })

  it('in one simple step leave two majorities that share a member', () => {
    fastCheck.assert(
      fastCheck.property(change, (next) => {
        const before = [1, 2, 3, 4]
        const changed = applyConfigChange({ ...emptyConfiguration, voters: before }, next)
        if (typeof changed === 'string' || changed.configuration.votersOutgoing.length > 0) return
        const after = changed.configuration.voters
        const shared = after.filter((id) => before.includes(id)).length
        const quorum = (count: number): number => Math.floor(count / 2) + 1
        const all = memberIds({ ...emptyConfiguration, voters: [...before, ...after] }).length
        assert.ok(quorum(before.length) + quorum(after.length) > all, `${shared} are shared`)
      }),
    )
  })
})

describe('majorities', () => {
  it('hold the highest index that more than half have reached', () => {
    fastCheck.assert(
      fastCheck.property(
        fastCheck.array(fastCheck.nat(9), { minLength: 1, maxLength: 9 }),
        (indexes) => {
          const reachedBy = (index: number): number => indexes.filter((one) => one >= index).length
          const candidates = indexes.filter((index) => reachedBy(index) * 2 > indexes.length)
          assert.equal(majorityIndex([...indexes]), Math.max(0, ...candidates))
        },
      ),
    )
  })

  it('win or lose when the votes that are missing cannot change it', () => {
    const vote = fastCheck.constantFrom(true, false, undefined)
    fastCheck.assert(
      fastCheck.property(fastCheck.array(vote, { minLength: 1, maxLength: 7 }), (votes) => {
        const granted = (rest: boolean): number => votes.filter((one) => one ?? rest).length
        const wins = (count: number): boolean => count * 2 > votes.length
        const expected = wins(granted(false)) ? 'won' : wins(granted(true)) ? 'pending' : 'lost'
        assert.equal(majorityVote(votes), expected)
      }),
    )
  })
})

function plain({ transition, changes, context }: ConfigChange): unknown {
  return {
    transition,
    changes: changes.map(({ kind, id }) => ({ kind, id })),
    context: [...context],
  }
}
