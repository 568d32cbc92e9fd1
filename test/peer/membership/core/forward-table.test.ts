import assert from 'node:assert/strict'
import { type ForwardContent } from '#peer/membership/core/forward-contract.ts'
import { ForwardTable } from '#peer/membership/core/forward-table.ts'

describe('The paths through a forwarder', () => {
  let table: ForwardTable
  let reachable: Set<string>

  beforeEach(() => {
    table = new ForwardTable()
    reachable = new Set(['a', 'b', 'c'])
  })

  function forward(from: string, to: string, content: ForwardContent, path = 1): string[] {
    const isReachable = reachable.has(to)
    return told(table.step({ kind: 'forward', from, to, path, content, isReachable }))
  }

  function told(effects: ReturnType<ForwardTable['step']>): string[] {
    return effects.map(({ to, from, path, content }) => {
      const what = content.kind === 'end' ? `end ${content.reason}` : content.kind
      return `to ${to} from ${from} #${path} ${what}`
    })
  }

  const open: ForwardContent = { kind: 'open' }
  const bytes = (length: number): ForwardContent => ({
    kind: 'bytes',
    bytes: new Uint8Array(length),
  })
  const taken = (length: number): ForwardContent => ({ kind: 'taken', bytes: length })

  it('carry what their ends say, both ways', () => {
    assert.deepEqual(forward('a', 'b', open), ['to b from a #1 open'])
    assert.deepEqual(forward('a', 'b', bytes(10)), ['to b from a #1 bytes'])
    assert.deepEqual(forward('b', 'a', bytes(10)), ['to a from b #1 bytes'])
    assert.deepEqual(forward('b', 'a', taken(10)), ['to a from b #1 taken'])
    assert.deepEqual(forward('b', 'a', { kind: 'end', reason: 'closed' }), [
      'to a from b #1 end closed',
    ])
    assert.equal(table.size, 0)
  })

  it('lead to neighbours alone, and begin at the smaller id', () => {
    assert.deepEqual(forward('a', 'x', open), ['to a from x #1 end unknown'])
    assert.deepEqual(forward('b', 'a', open), ['to b from a #1 end refused'])
    assert.deepEqual(forward('a', 'a', open), ['to a from a #1 end refused'])
    assert.deepEqual(forward('a', 'b', bytes(1)), ['to a from b #1 end unknown'])
    assert.deepEqual(
      forward('a', 'b', { kind: 'end', reason: 'closed' }),
      [],
      'an end is not answered',
    )
  })

  it('end when an end sends more than a window beyond what was taken', () => {
    forward('a', 'b', open)
    for (let i = 0; i < 8; i++) assert.match(forward('a', 'b', bytes(65_536))[0]!, /bytes$/)
    forward('b', 'a', taken(65_536))
    assert.match(forward('a', 'b', bytes(65_536))[0]!, /bytes$/)
    assert.deepEqual(forward('a', 'b', bytes(1)), [
      'to a from b #1 end full',
      'to b from a #1 end full',
    ])
    assert.equal(table.size, 0)
  })

  it('end when an end says that it took more than it was sent', () => {
    forward('a', 'b', open)
    forward('a', 'b', bytes(5))
    assert.deepEqual(forward('a', 'b', taken(1)), [
      'to a from b #1 end full',
      'to b from a #1 end full',
    ])
  })

  it('are void with what was lost, and another one is another', () => {
    forward('a', 'b', open)
    forward('a', 'b', bytes(5))
    assert.deepEqual(told(table.step({ kind: 'lost', peer: 'b' })), ['to a from b #1 end closed'])
    assert.deepEqual(forward('b', 'a', bytes(1)), ['to b from a #1 end unknown'])
    forward('a', 'b', open, 2)
    assert.deepEqual(forward('a', 'b', bytes(1), 1), ['to a from b #1 end unknown'])
    assert.deepEqual(forward('a', 'b', bytes(1), 2), ['to b from a #2 bytes'])
  })

  it('are so many, with so many bytes on their way, and no more', () => {
    let carried = 0
    for (let i = 0; i < 5000; i++) {
      const to = `p${i}`
      reachable.add(to)
      if (forward('a', to, open)[0]!.endsWith('full')) {
        assert.equal(i, 4096)
        break
      }
    }
    for (let i = 0; i < 4096; i++) {
      if (forward('a', `p${i}`, bytes(65_536))[0]!.endsWith('bytes')) carried += 65_536
    }
    assert.equal(carried, 32 * 2 ** 20)
  })
})
