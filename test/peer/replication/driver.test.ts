import { strict as assert } from 'node:assert'
import { isJoineryError, map } from '@joinery/crdt-objects'
import { kindOf } from '@joinery/crdt-objects/engine'
import { eventually } from '#test/eventually.ts'
import { DriverNetwork, type DriverNode } from './drivers.ts'

interface Texts {
  readonly size: number
  set(key: string, value: string): void
}

describe('The driver of a space', () => {
  let network: DriverNetwork

  beforeEach(() => {
    network = new DriverNetwork()
  })

  afterEach(() => network.stop())

  async function opened(name: string, others: readonly DriverNode[]): Promise<DriverNode> {
    const node = network.add(name)
    await node.open(others)
    return node
  }

  /** Two that have the same, and then each something that the other lacks, without a link. */
  async function apart(objects: number): Promise<[DriverNode, DriverNode]> {
    const a = await opened('a', [])
    for (let at = 0; at < objects; at++) a.add(`object ${at}`, 1)
    const c = await opened('c', [a])
    await eventually(() => {
      assert.equal(c.driver.vector.hash(), a.driver.vector.hash())
    })
    a.unlink(c)
    a.add('from a', 1)
    c.add('from c', 1)
    return [a, c]
  }

  it('opens with what each neighbour had, though their states come at the same time', async () => {
    const [a, c] = await apart(3000)
    const b = await opened('b', [a, c])
    assert.deepEqual([b.value('from a'), b.value('from c')], [1, 1])
    assert.deepEqual(b.reports, [])
  })

  it('opens without what a neighbour has that does not answer, and says so', async () => {
    const [a, c] = await apart(10)
    // It is frozen, and its connection stands.
    c.driver.message = () => undefined
    const b = network.add('b')
    await b.open([a, c], 300)
    assert.equal(b.value('from a'), 1)
    assert.deepEqual(b.reports, [{ kind: 'space-behind', space: 's', peers: ['c'], waitedMs: 300 }])
  })

  it('refuses more where what is to be written again is as much as is kept, until it is', async () => {
    const node = network.add('a')
    node.isCutOff = true
    await node.driver.open(20)
    const texts = node.driver.state.open('texts', kindOf(map<string>())).handle() as Texts
    const text = 'x'.repeat(150_000)
    let written = 0
    const refused = await eventually(() => {
      try {
        for (const end = written + 20; written < end; written++) texts.set(String(written), text)
      } catch (error) {
        return error
      }
      assert.fail(`all of ${written} were taken`)
    })
    assert.ok(isJoineryError(refused, 'WRITES_UNKEPT'), String(refused))
    const bytes = written * text.length
    assert.ok(bytes > 64 * 2 ** 20 && bytes < 100 * 2 ** 20, String(bytes))
    node.isCutOff = false
    await eventually(() => {
      assert.equal(node.driver.status, 'active')
      texts.set('more', 'y')
    })
    assert.equal(texts.size, written + 1)
  })

  it('does not take for confirmed what was written in a life that is sealed', async () => {
    const nodes: DriverNode[] = []
    for (const name of ['a', 'b', 'c', 'd', 'e']) nodes.push(await opened(name, [...nodes]))
    const [a, b, c, d, e] = nodes as [DriverNode, DriverNode, DriverNode, DriverNode, DriverNode]
    const staying = [a, b, c]
    for (const one of [d, e]) one.unlink(...staying)
    d.isCutOff = e.isCutOff = true
    // Once it hears of its seal it lacks a base: what the other wrote is cut.
    d.add('hits', 1)
    await eventually(() => {
      assert.equal(e.value('hits'), 1)
    })
    e.add('hits', 10)
    network.seal(d, e)
    await eventually(() => {
      for (const { driver } of staying) driver.contactNow()
      network.group.apply({ kind: 'close-epoch', space: 's' }, 0)
      for (const { driver } of staying) assert.equal(driver.vectorSize, 3)
    })
    e.link(a)
    await eventually(() => {
      assert.notEqual(e.driver.status, 'active')
    })
    assert.equal(e.driver.unconfirmed, 1, e.driver.status)
    const reports = e.reports.map(({ kind }) => kind)
    assert.deepEqual(reports, ['space-fenced'])
  })
})
