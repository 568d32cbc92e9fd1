import assert from 'node:assert/strict'
import { TargetTable } from '#client/object-record.ts'
import { ObjectRecords } from '#client/object-records.ts'
import { objectsMax } from '#client/protocol/limits.ts'
import { type Session } from '#client/session.ts'

describe('The objects that a client has opened', () => {
  it('are as many as may be, but for those of spaces that it has closed and where nothing is under way', () => {
    const open = new Set(['kept'])
    const busySpaces = new Set(['busy'])
    const targets = new TargetTable()
    const session = { busySpaces, targets } as unknown as Session
    const { recordOf } = new ObjectRecords(session, (space) => !open.has(space))
    const numbers = new Set<number>()
    const opened = (space: string, objects: number): void => {
      for (let at = 0; at < objects; at++)
        numbers.add(recordOf(space, `object ${at}`, '"c"').number)
    }
    opened('kept', 10)
    opened('busy', 10)
    const inspected = recordOf('closed', 'looked at', '')
    opened('closed', objectsMax - 21)
    targets.find(recordOf('closed', 'object 0', '"c"'), [], 'add')
    assert.equal(numbers.size, objectsMax - 1)
    const next = recordOf('kept', 'one more', '"c"')
    assert.ok(numbers.has(next.number), 'a number that was given back')
    assert.equal(recordOf('closed', 'looked at', ''), inspected)
    assert.deepEqual(
      [recordOf('kept', 'object 3', '"c"').number, recordOf('busy', 'object 3', '"c"').number],
      [3, 13],
    )
    const before = recordOf('kept', 'object 0', '"c"')
    open.add('closed').add('busy')
    for (let at = 0; at < objectsMax - 22; at++) recordOf('closed', `again ${at}`, '"c"')
    assert.throws(() => recordOf('closed', 'too many', '"c"'), { code: 'VALUE_INVALID' })
    assert.equal(recordOf('kept', 'object 0', '"c"'), before)
  })
})
