import assert from 'node:assert/strict'
import { once } from 'node:events'
import { safely } from '#peer/report.ts'

describe('A reporter', () => {
  it('that throws stops nobody who reports, and is an uncaught exception afterwards', async () => {
    const mine = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    try {
      const uncaught = once(process, 'uncaughtException')
      safely(() => {
        throw new Error('of the user')
      })({ kind: 'space-fenced', space: 's' })
      assert.match(String((await uncaught)[0]), /of the user/)
    } finally {
      for (const listener of mine) process.on('uncaughtException', listener)
    }
  })

  it('that nobody gave warns of a fault of the gateway, and of nothing else', async () => {
    const warned = once(process, 'warning')
    safely()({ kind: 'space-fenced', space: 's' })
    safely()({ kind: 'gateway-fault', error: new Error('a fault') })
    assert.match(String((await warned)[0]), /a fault/)
  })
})
