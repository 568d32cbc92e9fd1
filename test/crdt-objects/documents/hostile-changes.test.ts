import assert from 'node:assert/strict'
import { decodeChange, encodeChange, getBackend, init } from '@automerge/automerge'
import { BatchReader } from '#crdt-objects/codec/batch-reader.ts'
import { Reader } from '#crdt-objects/codec/reader.ts'
import { Writer } from '#crdt-objects/codec/writer.ts'
import { loadEngines } from '#crdt-objects/engine.ts'
import { isJoineryError } from '#crdt-objects/index.ts'
import { checkChunk } from '#crdt-objects/leaves/automerge/chunks.ts'
import { open, replica, share, sync } from '../replicas.ts'
import { Plan } from './plan.ts'

before(async () => {
  await loadEngines(Plan.kind)
})

describe('hostile changes of a document', () => {
  type Operations = readonly Readonly<Record<string, unknown>>[]

  /** A batch of replica 2 whose document part is this change, and what the receiver reads after it was offered. */
  function offer(change: (last: { hash: string; end: number }) => Uint8Array): string {
    const { states, handles } = share(Plan)
    handles[1]!.change((draft) => draft.todos.push({ text: 'honest' }))
    sync(...states)
    const author = open(states[1]!, Plan)
    author.change((draft) => {
      draft.title = 'replaced below'
    })
    const [, root] = [author, states[1]!.find('object')!.root]
    const forged = root as unknown as { pending: Uint8Array[] }
    const genuine = decodeChange(forged.pending[0]!)
    forged.pending = [change({ hash: genuine.deps[0]!, end: genuine.startOp })]
    let verdict: string
    try {
      verdict = states[0]!.apply(states[1]!.takeBatch()!)
    } catch (error) {
      verdict = isJoineryError(error, 'ENCODING_INVALID') ? 'refused' : String(error)
    }
    // Whatever came, the document is whole, can be written, and can be sent.
    const handle = handles[0]!
    assert.deepEqual(handle.value.todos[0], { text: 'honest' })
    handle.change((draft) => draft.todos.push({ text: 'after' }))
    states[0]!.takeBatch()
    const fresh = replica(9n)
    fresh.joinState(states[0]!.encodeState())
    assert.deepEqual(open(fresh, Plan).value, handle.value)
    return `${verdict} ${handle.value.title}`
  }

  function forge(ops: Operations, more: Readonly<Record<string, unknown>> = {}) {
    return ({ hash, end }: { hash: string; end: number }): Uint8Array =>
      encodeChange({
        actor: '0000000000000002',
        author: null,
        seq: 2,
        startOp: end,
        time: 0,
        message: null,
        deps: [hash],
        ops: ops as never,
        ...more,
      })
  }

  const set = { action: 'set', obj: '_root', key: 'x', value: 1, datatype: 'int', pred: [] }
  const list = { action: 'makeList', obj: '_root', key: 'l', pred: [] }

  it('in the name of another, out of turn, or without what they depend on have no effect', () => {
    for (const more of [
      { actor: '0000000000000001' },
      { seq: 1 },
      { seq: 3 },
      { deps: [] },
      { deps: ['56258d5d7ffd8654dff2b3b5a47ad0b1db2dc588ad75df5795ed3f5d95e02312'] },
      { startOp: 1 },
      { startOp: 900 },
    ]) {
      assert.equal(offer(forge([set], more)), 'applied Plan')
    }
  })

  it('to what is not there, or not of that type, have no effect', () => {
    for (const ops of [
      [{ ...set, obj: '77@0000000000000002' }],
      [{ ...set, obj: '1@00' }],
      [{ ...set, pred: ['5@0000000000000009'] }],
      [{ ...set, elemId: '_head', key: undefined, insert: true }],
      [list, { ...set, obj: '5@0000000000000002' }],
      [{ action: 'del', obj: '_root', key: 'y', pred: [] }],
    ] as Operations[]) {
      assert.match(offer(forge(ops)), /^(applied|refused) Plan$/)
    }
  })

  it('with counters, marks, forbidden keys or nothing at all are refused', () => {
    for (const ops of [
      [],
      [{ ...set, datatype: 'counter' }],
      [{ ...set, key: '__proto__' }],
      [{ ...set, datatype: 'uint', value: 5 }],
      [{ action: 'makeTable', obj: '_root', key: 't', pred: [] }],
    ] as Operations[]) {
      assert.equal(offer(forge(ops)), 'refused Plan')
    }
    assert.equal(({} as { polluted?: unknown }).polluted, undefined)
  })

  it('that overwrite what is elsewhere, and would spoil what the engine saves, have no effect', () => {
    const { states, handles } = share(Plan)
    handles[1]!.change((draft) => (draft.title = 'replaced below'))
    const forged = states[1]!.find('object')!.root as unknown as { pending: Uint8Array[] }
    const { deps, startOp } = decodeChange(forged.pending[0]!)
    // They are a title and a letter of the prose, and not at this key.
    const change = forge([{ ...set, pred: ['1@00', '4@00'] }], { seq: 1 })
    forged.pending = [change({ hash: deps[0]!, end: startOp })]
    assert.equal(states[0]!.apply(states[1]!.takeBatch()!), 'applied')
    for (let count = 0; count < 200; count++) {
      handles[0]!.change((draft) => (draft.meta.count = count))
      states[0]!.takeBatch()
    }
    const fresh = replica(9n)
    fresh.joinState(states[0]!.encodeState())
    assert.equal(handles[0]!.value.meta.count, 199)
    assert.deepEqual(open(fresh, Plan).value, handles[0]!.value)
    assert.equal(handles[0]!.history().length, 200)
  })

  it('that nest deeper than the engine can walk have no effect', () => {
    const deep = ({ hash, end }: { hash: string; end: number }): Uint8Array => {
      const ops = Array.from({ length: 20_000 }, (_, index) => {
        const obj = index === 0 ? '_root' : `${end + index - 1}@0000000000000002`
        return { action: 'makeMap', obj, key: 'a', pred: [] }
      })
      return forge(ops)({ hash, end })
    }
    assert.equal(offer(deep), 'applied Plan')
  })

  it('that unfold to trillions of operations are refused at once', () => {
    const backend = getBackend(init('aa'))
    const id = backend.putObject('_root', 'l', [])
    backend.splice(id, 0, 0, new Array(40).fill(true))
    backend.commit(null, 0)
    const bytes = backend.getLastLocalChange()!
    const batch = new BatchReader(new Reader(bytes), { rows: 1, first: 1, last: 1, baseStamp: 0 })
    assert.equal(checkChunk(batch, bytes).type, 'change')
    // Every run of 40 becomes one of 2^40.
    let refused = 0
    for (const [index, byte] of bytes.entries()) {
      if (byte !== 40) continue
      const long = new Writer(bytes.length + 8)
      long.raw(bytes.subarray(0, index))
      long.raw(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x20))
      long.raw(bytes.subarray(index + 1))
      assert.throws(
        () => checkChunk(batch, long.finish()),
        (error) => isJoineryError(error, 'ENCODING_INVALID'),
      )
      refused++
    }
    assert.ok(refused > 0)
  })

  it('in compressed columns are refused: nothing bounds what they unfold to', () => {
    const backend = getBackend(init('aa'))
    backend.putObject('_root', 'long', 'y'.repeat(20_000))
    backend.commit(null, 0)
    const bytes = backend.save()
    const batch = new BatchReader(new Reader(bytes), { rows: 1, first: 1, last: 1, baseStamp: 0 })
    assert.throws(
      () => checkChunk(batch, bytes),
      (error) => isJoineryError(error, 'ENCODING_INVALID'),
    )
  })
})
