import { strict as assert } from 'node:assert'
import { packReplica, Reader, VersionVector } from '@joinery/crdt-objects/engine'
import type { HostedSpace } from '#peer/gateway/host.ts'
import type { ReplyFrame } from '#peer/gateway/reply-frame.ts'
import { SeenSpaces } from '#peer/gateway/seen-spaces.ts'

const [first, second] = [packReplica(0, 1), packReplica(1, 1)]

/** A client that is told what is visible at a gateway whose replica goes on. */
class Told {
  readonly visible = new VersionVector()
  readonly client = new VersionVector()
  readonly sizes: number[] = []
  private seenCount = 0
  private readonly spaces = new SeenSpaces()

  constructor() {
    const counted = (): number => this.seenCount
    const visible = (): VersionVector => this.visible.copy()
    this.spaces.add({
      name: 'flights',
      get seenCount() {
        return counted()
      },
      get seen() {
        return visible()
      },
    } as HostedSpace)
  }

  tell(): void {
    this.seenCount++
    this.spaces.tell({
      reply: ({ vector }: { readonly vector: Uint8Array }) => {
        const news = VersionVector.decode(new Reader(vector))
        this.sizes.push(news.size)
        this.client.merge(news)
      },
    } as unknown as ReplyFrame)
  }
}

describe('What a client is told of what is visible', () => {
  it('is what is new, and all of it in a new epoch: no life that goes on counts as sealed', () => {
    const told = new Told()
    told.visible.advance(first, 3)
    told.tell()
    told.visible.advance(second, 1)
    told.tell()
    assert.deepEqual(told.sizes, [1, 1])
    told.visible.enter([first], [second])
    told.tell()
    assert.deepEqual([told.client.get(first), told.client.get(second)], ['sealed', 1])
    told.visible.advance(packReplica(0, 2), 2)
    told.tell()
    assert.deepEqual(told.sizes, [1, 1, 1, 1])
    assert.ok(told.client.equals(told.visible))
    told.tell()
    assert.equal(told.sizes.length, 4, 'nothing is new')
  })
})
