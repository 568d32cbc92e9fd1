import assert from 'node:assert/strict'
import { parseDescriptor } from '#crdt-objects/engine.ts'
import { isJoineryError, map, quantiles } from '#crdt-objects/index.ts'
import { open, refuses, replica, share, sync } from './replicas.ts'

const near = (value: number | undefined, exact: number): boolean =>
  value !== undefined && Math.abs(value - exact) <= Math.abs(exact) * 0.01

describe('quantiles', () => {
  it('tell how many samples there are, and where their shares end', () => {
    const { states, handles } = share(quantiles())
    for (let i = 1; i <= 1_000; i++) handles[i % 2]!.record(i)
    sync(...states)
    for (const handle of handles) {
      const { count, p50, p90, p99 } = handle.value
      assert.equal(count, 1_000)
      assert.ok(near(p50, 500) && near(p90, 900) && near(p99, 990))
      assert.ok(near(handle.quantile(0), 1) && near(handle.quantile(1), 1_000))
    }
  })

  it('are undefined while there is no sample', () => {
    const state = replica(1n)
    const handle = open(state, quantiles())
    const { count, p50, p90, p99 } = handle.value
    assert.deepEqual([count, p50, p90, p99], [0, undefined, undefined, undefined])
    assert.equal(handle.quantile(0.5), undefined)
    handle.record()
    assert.equal(state.pendingUpdates, 0)
  })

  it('take negative samples, zeros and sizes at both ends', () => {
    const handle = open(replica(1n), quantiles())
    const samples = [-Number.MAX_VALUE, -2, -0, 0, 5e-324, 3, Number.MAX_VALUE]
    handle.record(...samples)
    const step = 1 / (samples.length - 1)
    assert.ok(near(handle.quantile(0), -Number.MAX_VALUE))
    assert.ok(near(handle.quantile(step), -2))
    for (const i of [2, 3, 4]) assert.equal(handle.quantile(i * step), 0)
    assert.ok(near(handle.quantile(1), Number.MAX_VALUE))
  })

  it('count every sample, also the same one again', () => {
    const { states, handles } = share(quantiles())
    handles[0]!.record(7)
    handles[1]!.record(7, 7)
    sync(...states)
    assert.equal(handles[0]!.value.count, 3)
    handles[0]!.record(7)
    sync(...states)
    assert.equal(handles[1]!.value.count, 4)
  })

  it('lose with an entry of a map what was seen of it, and nothing else', () => {
    const { states, handles } = share(map(quantiles()))
    handles[0]!.at('x').record(1, 2, 3)
    sync(...states)
    handles[1]!.delete('x')
    handles[0]!.at('x').record(100)
    sync(...states)
    for (const handle of handles) {
      assert.equal(handle.get('x')!.count, 1)
      assert.ok(near(handle.get('x')!.p50, 100))
    }
  })

  it('keep a count for each size that occurs, however many samples', () => {
    const state = replica(1n)
    const handle = open(state, quantiles())
    for (let i = 0; i < 100_000; i++) handle.record(1 + (i % 1_000))
    state.takeBatch()
    assert.ok(state.encodeState().length < 346 * 4)
  })

  it('refuse what is no finite number, and shares and errors out of range', () => {
    const state = replica(1n)
    const handle = open(state, quantiles())
    for (const sample of [NaN, Infinity, '1', undefined, 1n]) {
      refuses(state, 'VALUE_INVALID', () => {
        handle.record(1, sample as number)
      })
    }
    for (const q of [-0.1, 1.1, NaN, '0.5']) {
      refuses(state, 'VALUE_INVALID', () => handle.quantile(q as number))
    }
    for (const error of [0, 0.0001, 0.9, NaN]) {
      assert.throws(
        () => quantiles({ error }),
        (thrown) => isJoineryError(thrown, 'VALUE_INVALID'),
      )
    }
    assert.throws(
      () => parseDescriptor('["quantiles",0.9]'),
      (thrown) => isJoineryError(thrown, 'ENCODING_INVALID'),
    )
  })
})
