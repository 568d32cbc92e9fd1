import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  ClusterFile,
  type ClusterRecord,
  randomNode,
  readClusterRecord,
  writeClusterRecord,
} from '#peer/groups/cluster-record.ts'
import { findFooting } from '#peer/groups/footing.ts'

const record: ClusterRecord = {
  ...{ cluster: 'ab'.repeat(16), node: 77, groups: 4 },
  ...{ members: [{ group: 2, node: 55 }], addresses: ['/ip4/10.0.0.1/tcp/4001'] },
}

describe('What a peer stands on', () => {
  let directory: string

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'joinery-footing-'))
  })

  afterEach(async () => {
    await rm(directory, { recursive: true })
  })

  const asked = (bootstrap: readonly string[], voter?: boolean, groups?: number) =>
    findFooting({ bootstrap, voter, groups, directory })

  it('is a cluster of its own without any address, of which it is a voter', async () => {
    const { beginning, isCandidate, record: found, cluster } = await asked([], undefined, 3)
    assert.deepEqual([beginning, isCandidate, found.groups], ['found', true, 3])
    assert.equal(found.cluster, Buffer.from(cluster.id!).toString('hex'))
    await assert.rejects(asked([], false), { code: 'VALUE_INVALID' })
  })

  it('is nothing yet for who joins, who votes only when told to', async () => {
    const joining = await asked(['/ip4/10.0.0.1/tcp/1'])
    assert.deepEqual(
      [joining.beginning, joining.isCandidate, joining.record.groups, joining.cluster.id],
      ['join', false, 0, undefined],
    )
    assert.equal((await asked(['/ip4/10.0.0.1/tcp/1'], true)).isCandidate, true)
  })

  it('is what it was before, when its directory knows', async () => {
    await writeClusterRecord(directory, record)
    for (const bootstrap of [[], ['/ip4/10.0.0.9/tcp/1']]) {
      const found = await asked(bootstrap, undefined, 9)
      assert.deepEqual([found.beginning, found.isCandidate], ['restore', true])
      assert.deepEqual(found.record, record)
      assert.equal(Buffer.from(found.cluster.id!).toString('hex'), record.cluster)
    }
  })

  it('is refused when the directory holds something else', async () => {
    const path = join(directory, 'cluster.json')
    await writeClusterRecord(directory, record)
    const written = JSON.parse(await readFile(path, 'utf8')) as object
    for (const wrong of [
      '',
      '{',
      'null',
      '[]',
      JSON.stringify({ ...written, version: 2 }),
      JSON.stringify({ ...written, cluster: 'abc' }),
      JSON.stringify({ ...written, node: 0 }),
      JSON.stringify({ ...written, members: [{ group: 4, node: 1 }] }),
      JSON.stringify({ ...written, groups: 1e9 }),
      JSON.stringify({ ...written, addresses: [1] }),
    ]) {
      await writeFile(path, wrong)
      await assert.rejects(readClusterRecord(directory), { code: 'VALUE_INVALID' }, wrong)
    }
  })

  it('changes in order, and on disk only where there is a directory', async () => {
    const file = new ClusterFile(directory, record)
    const changes = [1, 2, 3].map(async (groups) => await file.change({ groups }))
    assert.equal(file.record.groups, 3)
    await Promise.all(changes)
    assert.equal((await readClusterRecord(directory))?.groups, 3)
    const inMemory = new ClusterFile(undefined, record)
    await inMemory.change({ node: 5 })
    assert.equal(inMemory.record.node, 5)
  })

  it('names members by numbers that no two have', () => {
    const nodes = Array.from({ length: 1000 }, randomNode)
    assert.equal(new Set(nodes).size, 1000)
    assert.ok(nodes.every((node) => Number.isSafeInteger(node) && node > 0))
  })
})
