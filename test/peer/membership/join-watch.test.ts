import assert from 'node:assert/strict'
import { JoinWatch } from '#peer/membership/join-watch.ts'
import type { Report } from '#peer/report.ts'

describe('A peer that waits for its cluster', () => {
  it('reports the addresses it still tries each minute until one answers, and then that it joined', () => {
    let nowMs = 1000
    const reports: Report[] = []
    const watch = new JoinWatch(
      ['/ip4/127.0.0.1/tcp/1'],
      () => nowMs,
      (report) => reports.push(report),
    )
    watch.tick()
    nowMs += 5000
    watch.onAlone()
    for (let second = 0; second < 130; second++) {
      nowMs += 1000
      watch.tick()
    }
    const addresses = ['/ip4/127.0.0.1/tcp/1']
    assert.deepEqual(
      reports.splice(0),
      [5000, 65_000, 125_000].map((waitedMs) => ({ kind: 'not-joined', addresses, waitedMs })),
    )
    watch.onConnected()
    watch.onConnected()
    nowMs += 600_000
    watch.tick()
    assert.deepEqual(reports, [{ kind: 'joined-late', afterMs: 135_000 }])
  })

  it('reports nothing when an address answers in time', () => {
    const reports: Report[] = []
    const watch = new JoinWatch(
      ['/ip4/127.0.0.1/tcp/1'],
      () => 0,
      (report) => reports.push(report),
    )
    watch.onConnected()
    assert.deepEqual(reports, [])
  })
})
