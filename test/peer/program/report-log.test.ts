import assert from 'node:assert/strict'
import { ReportLog } from '#peer/program/report-log.ts'
import type { Report } from '#peer/report.ts'

const refused = (peer: string): Report => ({ kind: 'peer-refused', peer, reason: 'cluster' })

describe('The log of a peer program', () => {
  function makeLog(): { log: ReportLog; lines: [string, number | undefined][]; clock: Clock } {
    const lines: [string, number | undefined][] = []
    const clock: Clock = { nowMs: 0 }
    const log = new ReportLog(
      (fields, text) => lines.push([text, (fields as { times?: number }).times]),
      () => clock.nowMs,
    )
    return { log, lines, clock }
  }

  it('gathers a report that is made again and again, whichever peer it is about', () => {
    const { log, lines, clock } = makeLog()
    for (let second = 0; second < 24 * 3600; second += 2) {
      clock.nowMs = second * 1000
      log.take(refused(`peer ${second}`))
    }
    assert.ok(lines.length > 5 && lines.length < 40, `${lines.length} lines in a day`)
    assert.match(lines[0]![0], /it belongs to another cluster/)
    assert.match(lines[1]![0], /\(5 times since the last line\)/)
    log.flush()
    const told = lines.reduce((sum, [, times]) => sum + (times ?? 1), 0)
    assert.equal(told, 12 * 3600, 'none is left out of the count')
  })

  it('tells what is new at once, and what comes again after a long silence too', () => {
    const { log, lines, clock } = makeLog()
    log.take(refused('a'))
    log.take({ kind: 'peer-refused', peer: 'a', reason: 'key' })
    log.take({ kind: 'message-ignored', space: 's', reason: 'x' })
    log.take({ kind: 'message-ignored', space: 't', reason: 'x' })
    assert.equal(lines.length, 4)
    clock.nowMs = 3_600_000
    log.take(refused('a'))
    assert.equal(lines.length, 5)
    assert.equal(lines[4]![1], undefined)
  })

  it('logs a fault of the gateway with its error', () => {
    const seen: [object, boolean][] = []
    const log = new ReportLog((fields, _, isError) => seen.push([fields, isError]))
    const error = new Error('a bug')
    log.take({ kind: 'gateway-fault', error })
    assert.deepEqual(seen, [[{ kind: 'gateway-fault', err: error }, true]])
  })
})

interface Clock {
  nowMs: number
}
