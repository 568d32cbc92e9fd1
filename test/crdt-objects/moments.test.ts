import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { parseDescriptor } from '#crdt-objects/engine.ts'
import { histogram, isJoineryError, map, moments } from '#crdt-objects/index.ts'
import { open, refuses, replica, share, sync } from './replicas.ts'

/** Samples are multiples of 2^-20: integers of these say them exactly. */
const scale = 2 ** 20

function exactVariance(samples: readonly number[]): number {
  const parts = samples.map((sample) => BigInt(sample * scale))
  const count = BigInt(parts.length)
  const sum = parts.reduce((all, part) => all + part, 0n)
  const squares = parts.reduce((all, part) => all + part * part, 0n)
  const quotient = ((count * squares - sum * sum) << 200n) / (count * (count - 1n))
  return Number(quotient) * 2 ** -240
}

function exactMean(samples: readonly number[]): number {
  const sum = samples.reduce((all, sample) => all + BigInt(sample * scale), 0n)
  return Number((sum << 200n) / BigInt(samples.length)) * 2 ** -220
}

describe('moments', () => {
  it('are the count, sum, mean and variance of all samples', () => {
    const { states, handles } = share(moments())
    handles[0]!.record(2, 4)
    handles[1]!.record(4)
    handles[1]!.record(5, 5, 7, 9, 4)
    sync(...states)
    for (const handle of handles) {
      assert.deepEqual(handle.value, { count: 8, sum: 40, mean: 5, variance: 32 / 7 })
    }
  })

  it('have no mean of nothing, and no variance of one sample', () => {
    const state = replica(1n)
    const handle = open(state, moments())
    assert.deepEqual(handle.value, { count: 0, sum: 0, mean: undefined, variance: undefined })
    handle.record()
    assert.equal(state.pendingUpdates, 0)
    handle.record(3)
    assert.deepEqual(handle.value, { count: 1, sum: 3, mean: 3, variance: undefined })
    handle.record(3)
    assert.deepEqual(handle.value, { count: 2, sum: 6, mean: 3, variance: 0 })
    assert.equal(JSON.stringify(open(replica(2n), moments())), '{"count":0,"sum":0}')
  })

  it('of samples far from zero are as good as exact', () => {
    const offsets = fastCheck.constantFrom(0, 1e6, -1e9, 2 ** 40)
    const spread = fastCheck.integer({ min: -scale, max: scale })
    const lists = fastCheck.array(spread, { minLength: 2, maxLength: 60 })
    fastCheck.assert(
      fastCheck.property(offsets, lists, lists, (offset, first, second) => {
        const { states, handles } = share(moments())
        const samples = [first, second].map((list) => list.map((part) => offset + part / scale))
        for (const [i, handle] of handles.entries()) {
          for (const sample of samples[i]!) handle.record(sample)
        }
        sync(...states)
        const all = samples.flat()
        for (const handle of handles) {
          const { mean, variance } = handle.value
          assert.ok(Object.is(mean, exactMean(all)), `mean ${mean} of ${exactMean(all)}`)
          const exact = exactVariance(all)
          // The sum of squares has 106 bits, and loses as many as the mean is larger than the spread, twice.
          const tolerance = Math.abs(offset) <= 1e9 ? 1e-12 : 1e-6
          const error = Math.abs(variance! - exact)
          assert.ok(error <= tolerance * exact, `variance ${variance} of ${exact}`)
        }
      }),
    )
  })

  it('of samples that a removal had not seen are those alone', () => {
    const { states, handles } = share(map(moments()))
    handles[0]!.at('x').record(1e12, 1e12 + 1)
    sync(...states)
    handles[1]!.delete('x')
    handles[0]!.at('x').record(3, 5)
    sync(...states)
    for (const handle of handles) {
      assert.deepEqual(handle.get('x'), { count: 2, sum: 8, mean: 4, variance: 2 })
    }
  })

  it('refuse what is no finite number, and what has no finite square', () => {
    const state = replica(1n)
    const handle = open(state, moments())
    handle.record(1)
    for (const sample of [NaN, Infinity, '1', null, 1e160, -1e155] as number[]) {
      refuses(state, 'VALUE_INVALID', () => {
        handle.record(2, sample)
      })
    }
    handle.record(1.3e154)
    refuses(state, 'VALUE_INVALID', () => {
      handle.record(1, 1.3e154)
    })
    assert.equal(handle.value.count, 2)
    assert.ok(handle.value.variance! > 0)
  })
})

describe('a histogram', () => {
  const edges = [0, 10, 20]

  it('counts samples below, between and from the last edge on', () => {
    const { states, handles } = share(histogram(edges))
    handles[0]!.record(-0.5, 0, 9.99)
    handles[1]!.record(10, 20, 1e300, -0)
    sync(...states)
    for (const handle of handles) assert.deepEqual(handle.value, { edges, counts: [1, 3, 1, 2] })
    assert.equal(JSON.stringify(handles[0]!), '{"edges":[0,10,20],"counts":[1,3,1,2]}')
  })

  it('reads as zeros before there is a sample, and its value cannot be changed', () => {
    const state = replica(1n)
    const handle = open(state, histogram(edges))
    assert.deepEqual(handle.value.counts, [0, 0, 0, 0])
    handle.record()
    assert.equal(state.pendingUpdates, 0)
    for (const part of [handle.value, handle.value.edges, handle.value.counts]) {
      assert.ok(Object.isFrozen(part))
    }
  })

  it('in a map is removed as far as it was seen', () => {
    const { states, handles } = share(map(histogram(edges)))
    handles[0]!.at('x').record(1, 2, 3)
    sync(...states)
    handles[1]!.delete('x')
    handles[0]!.at('x').record(3, 30)
    sync(...states)
    for (const handle of handles) assert.deepEqual(handle.get('x')!.counts, [0, 1, 0, 1])
  })

  it('of 4,096 edges takes little while few bins have samples', () => {
    const fine = histogram(Array.from({ length: 4_096 }, (_, i) => i))
    const { states, handles } = share(fine)
    handles[0]!.record(...Array.from({ length: 3_000 }, (_, i) => i))
    sync(...states)
    handles[0]!.record(17, 17, 4_000)
    const batch = states[0]!.takeBatch()!
    assert.ok(batch.length < 70)
    states[1]!.apply(batch)
    assert.deepEqual(handles[1]!.value, handles[0]!.value)
    assert.equal(handles[1]!.value.counts[18], 3)
  })

  it('refuses what is no finite number', () => {
    const state = replica(1n)
    const handle = open(state, histogram(edges))
    handle.record(1)
    for (const sample of [NaN, Infinity, -Infinity, '1', null] as number[]) {
      refuses(state, 'VALUE_INVALID', () => {
        handle.record(2, sample)
      })
    }
  })

  it('refuses edges that do not ascend strictly, are not finite, none or too many', () => {
    const many = Array.from({ length: 4_097 }, (_, i) => i)
    for (const strange of [[], [1, 1], [2, 1], [0, NaN], [0, Infinity], many, 7, ['1']]) {
      assert.throws(
        () => histogram(strange as number[]),
        (error) => isJoineryError(error, 'VALUE_INVALID'),
      )
      assert.throws(
        () => parseDescriptor(JSON.stringify(['histogram', strange])),
        (error) => isJoineryError(error, 'ENCODING_INVALID'),
      )
    }
    assert.equal(histogram([-0, 1]).kind.fingerprint, histogram([0, 1]).kind.fingerprint)
  })
})
