import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { connect } from '@joinery/client'
import { isJoineryError } from '@joinery/crdt-objects'
import { createPeer } from '@joinery/peer'
import { eventually } from '#test/eventually.ts'
import { RemoteProcess } from '#test/fixtures/remote-process.ts'
import { type IdlerCommand, type IdlerReady, Page, spaceName } from './fixtures/idler.ts'

const idler = fileURLToPath(new URL('./fixtures/idler.ts', import.meta.url))
const pages = 200

describe('Objects that nobody uses', () => {
  it('take a fraction of the heap, and are there for whoever comes: here, elsewhere, and by a gateway', async () => {
    const [writer, keeper] = [new RemoteProcess<IdlerCommand>(idler), new RemoteProcess<IdlerCommand>(idler)] // prettier-ignore
    const live = async (): Promise<number> =>
      (await keeper.ask<{ bytes: number }>({ kind: 'live' })).bytes
    const read = async (process: RemoteProcess<IdlerCommand>, page: number): Promise<string> =>
      (await process.ask<{ text: string }>({ kind: 'read', page })).text
    try {
      const { addresses } = await writer.ask<IdlerReady>({ kind: 'start', idlePackMs: 1e9 })
      const start: IdlerCommand = { kind: 'start', idlePackMs: 500, bootstrap: addresses }
      const { gatewayUrl } = await keeper.ask<IdlerReady>(start)
      const before = await live()
      await writer.ask({ kind: 'fill', pages })
      await eventually(
        async () => assert.equal(await read(keeper, pages - 1), `of page ${pages - 1}`),
        20_000,
      )
      await keeper.ask({ kind: 'read-all', pages })
      const most = await live()
      await eventually(async () => {
        const taken = (await live()) - before
        assert.ok(taken < (most - before) / 4, `${taken} bytes of ${most - before}`)
      }, 20_000)
      await writer.ask({ kind: 'edit', page: 7, text: ', and more' })
      await eventually(async () => assert.equal(await read(keeper, 7), 'of page 7, and more'))
      await using client = await connect(gatewayUrl)
      const page = await (await client.space(spaceName)).open('page 11', Page)
      assert.equal(await page.notes.at('note 3').read(), 'of page 11')
      await page.views.add(1)
      assert.equal(await page.views.read(), 2)
    } finally {
      await Promise.all([writer.kill(), keeper.kill()])
    }
  })

  it('are packed after a time that is one', async () => {
    for (const idlePackMs of [0, 99, NaN, '1 s' as unknown as number]) {
      await assert.rejects(createPeer({ clusterKey: 'k'.repeat(16), idlePackMs }), (error) =>
        isJoineryError(error, 'VALUE_INVALID'),
      )
    }
  })
})
