import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { connect } from '@joinery/client'
import { isJoineryError, map } from '@joinery/crdt-objects'
import { HeapBudget } from '#peer/spaces/heap-budget.ts'
import { type Report } from '#peer/report.ts'
import { eventually } from '#test/eventually.ts'
import { RemoteProcess } from '#test/fixtures/remote-process.ts'
import { type FillerCommand, type FillerReady } from './fixtures/filler.ts'

const mebibyte = 2 ** 20
const filler = fileURLToPath(new URL('./fixtures/filler.ts', import.meta.url))

describe('The bound of the heap', () => {
  it('is told when it is passed, and when there is room below it again', () => {
    const reports: Report[] = []
    const budget = new HeapBudget(100, (report) => reports.push(report))
    const isFull = [50, 100, 101, 200, 95, 90, 95, 100, 101].map((bytes) => {
      budget.observe(bytes)
      return budget.isFull
    })
    assert.deepEqual(isFull, [false, false, true, true, true, false, false, false, true])
    const told = reports.map((report) => [report.kind, 'bytes' in report && report.bytes])
    assert.deepEqual(told, [
      ['heap-full', 101],
      ['heap-has-room', 90],
      ['heap-full', 101],
    ])
    const refusal = budget.refusal()
    assert.ok(isJoineryError(refusal, 'HEAP_FULL'))
    assert.deepEqual(refusal.details, { bytes: 101, bytesMax: 100 })
    assert.ok(refusal.retryable)
  })

  it('holds in a process that fills up, also for clients of its gateway, until there is room again', async () => {
    const heapBytesMax = 96 * mebibyte
    const peer = new RemoteProcess<FillerCommand>(filler)
    try {
      const { gatewayUrl } = await peer.ask<FillerReady>({ kind: 'start', heapBytesMax })
      const { written, liveBytes } = await peer.ask<{ written: number; liveBytes: number }>({
        kind: 'fill',
      })
      assert.ok(written > 10, `${written} values`)
      // What V8 lets it grow to between two full collections: measured 1.5 to 1.8 times.
      assert.ok(liveBytes < 2.5 * heapBytesMax, `${liveBytes / mebibyte} MiB`)
      await using client = await connect(gatewayUrl)
      const values = await (await client.space('full')).open('values', map<string>())
      await assert.rejects(values.set('one more', 'x'), (error) =>
        isJoineryError(error, 'HEAP_FULL'),
      )
      for (let i = 0; i < written; i++) await values.delete(String(i))
      // The process does nothing more that would make it collect.
      await eventually(async () => {
        assert.deepEqual(await peer.ask({ kind: 'told' }), ['heap-full', 'heap-has-room'])
      }, 30_000)
      await values.set('one more', 'x')
    } finally {
      await peer.kill()
    }
  })
})
