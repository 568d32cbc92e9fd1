import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { silentDissemination } from '#peer/dissemination/silent.ts'
import type { ControlPort } from '#peer/identity/control-client.ts'
import { WriteCount } from '#peer/replication/counted-state.ts'
import { SpaceDriver } from '#peer/replication/driver.ts'
import type { Report } from '#peer/report.ts'
import { MemoryControl } from '#test/fixtures/memory-control.ts'

const timeoutMs = 200

describe('Opening a space', () => {
  const ends: (() => void)[] = []

  /** Tells of each attempt; `answers` says whether the group answers, `lets` whether it lets anybody in. */
  function open(group: { answers: boolean; lets: boolean }): {
    readonly done: Promise<void>
    readonly reports: readonly Report[]
  } {
    const memory = new MemoryControl()
    const port = memory.port()
    const control: ControlPort = {
      ...port,
      ask: async (request, options) => {
        if (!group.answers) return await new Promise(() => undefined)
        if (request.kind !== 'activate' || group.lets) return await port.ask(request, options)
        const { space, member, epoch } = request
        const looked = memory.answer({ kind: 'view', space, member, epoch })
        assert.equal(looked.kind, 'view')
        return { kind: 'refused', reason: 'not-its-time', view: looked.view }
      },
    }
    const reports: Report[] = []
    const driver = new SpaceDriver(
      's',
      {
        ...{ dissemination: silentDissemination, control },
        sendMessage: () => undefined,
        queueBytesOf: () => 0,
        report: (report) => reports.push(report),
        now: () => Date.now(),
        idlePackMs: 30_000,
        onEnded: () => undefined,
        isUsed: () => true,
      },
      { keepers: 3, durability: 2, isStable: true, opening: 1 },
      new WriteCount(),
    )
    const timer = setInterval(() => driver.tick(0.5), 5)
    ends.push(() => {
      clearInterval(timer)
      driver.stop()
    })
    const done = driver.open(timeoutMs, (isAnswered) => !isAnswered)
    return { done, reports }
  }

  afterEach(() => {
    for (const end of ends.splice(0)) end()
  })

  it('waits while the group answers, however late it lets it in', async () => {
    const group = { answers: true, lets: false }
    const { done, reports } = open(group)
    let isOpen = false
    void done.then(() => (isOpen = true))
    await sleep(3 * timeoutMs)
    assert.equal(isOpen, false)
    group.lets = true
    await done
    assert.deepEqual(reports, [])
  })

  it('begins alone where the group is silent', async () => {
    const { done, reports } = open({ answers: false, lets: false })
    await done
    assert.deepEqual(
      reports.map(({ kind }) => kind),
      ['space-alone'],
    )
  })
})
