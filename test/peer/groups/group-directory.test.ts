import assert from 'node:assert/strict'
import { GroupDirectory } from '#peer/groups/core/group-directory.ts'
import { groupOf } from '#peer/groups/core/group-of.ts'
import type { Presence } from '#peer/groups/core/presence.ts'

function presence(node: number, ...leads: { group: number; term: number }[]): Presence {
  return {
    ...{ node, isCandidate: true, isDurable: false, isLeaving: false, groups: 4 },
    members: leads.map(({ group, term }) => ({ group, node, leads: term })),
  }
}

describe('The directory of the groups', () => {
  it('knows the peer of a node, and of a new node of the same peer, while it is linked', () => {
    const directory = new GroupDirectory()
    directory.learn('a', presence(11))
    assert.equal(directory.peerOf(11), 'a')
    directory.learn('a', presence(12))
    assert.deepEqual([directory.peerOf(11), directory.peerOf(12)], [undefined, 'a'])
    directory.forget('a')
    assert.deepEqual([directory.peerOf(12), directory.nodeOf('a', 0)], [undefined, 0])
  })

  it('knows a member by the name that it has in its group, and a peer by the name it would have', () => {
    const directory = new GroupDirectory()
    const members = [{ group: 1, node: 21, leads: 0 }]
    directory.learn('a', { ...presence(22), members })
    assert.deepEqual([directory.nodeOf('a', 1), directory.nodeOf('a', 2)], [21, 22])
    assert.deepEqual([directory.holds('a', 1), directory.holds('a', 2)], [true, false])
    assert.deepEqual([directory.peerOf(21), directory.peerOf(22)], ['a', 'a'])
  })

  it('of two that say that they lead believes the one of the later term, in whatever order', () => {
    for (const order of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      const directory = new GroupDirectory()
      const terms: Readonly<Record<string, number>> = { a: 3, b: 7 }
      for (const peer of order) {
        directory.learn(peer, presence(terms[peer]!, { group: 2, term: terms[peer]! }))
      }
      assert.deepEqual(directory.leaderOf(2), { peer: 'b', term: 7 })
      directory.forget('b')
      assert.deepEqual(directory.leaderOf(2), { peer: 'a', term: 3 })
    }
  })

  it('forgets a leader that says that it leads no more', () => {
    const directory = new GroupDirectory()
    directory.learn('a', presence(1, { group: 0, term: 2 }))
    directory.learn('a', presence(1))
    assert.equal(directory.leaderOf(0), undefined)
  })

  it('follows whoever does not lead to the one it names, until somebody says that it leads', () => {
    const directory = new GroupDirectory()
    directory.learn('a', presence(1, { group: 0, term: 2 }))
    directory.learn('b', presence(2))
    directory.redirect(0, 'a', 'b')
    assert.equal(directory.leaderOf(0)?.peer, 'b')
    directory.redirect(0, 'a', 'c')
    assert.equal(
      directory.leaderOf(0)?.peer,
      'b',
      'a late answer of one that is not asked any more',
    )
    directory.redirect(0, 'b', undefined)
    assert.equal(directory.leaderOf(0), undefined)
    directory.learn('c', presence(3, { group: 0, term: 1 }))
    assert.equal(directory.leaderOf(0)?.peer, 'c')
  })

  it('spreads objects over groups by their names alone', () => {
    const counts = [0, 0, 0, 0, 0, 0, 0]
    for (let i = 0; i < 7000; i++) counts[groupOf('space', `object ${i}`, 7)]!++
    assert.ok(
      counts.every((count) => count > 800 && count < 1200),
      counts.join(),
    )
    assert.equal(groupOf('/control', 'identity', 7), 0, 'the cluster’s own is in the first')
    assert.equal(groupOf('a', 'b', 1), 0)
    // Part of the protocol: all peers, of every version, have to agree.
    assert.deepEqual(
      ['x', 'y', 'lock', 'ζ'].map((name) => groupOf('jobs', name, 1000)),
      [282, 405, 996, 19],
    )
  })
})
