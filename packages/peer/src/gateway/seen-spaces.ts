import { VersionVector, Writer } from '@joinery/crdt-objects/engine'
import type { HostedSpace } from './host.ts'
import type { ReplyFrame } from './reply-frame.ts'

interface SeenSpace {
  readonly space: HostedSpace
  readonly told: VersionVector
  toldAt: number
}

/**
 * What one client has seen of the spaces that it opened: told with the answers of each turn, as far as it is news, so that
 * the client always has its bookmark and never asks for it.
 */
export class SeenSpaces {
  private readonly spaces = new Map<string, SeenSpace>()
  private readonly scratch = new Writer(256)

  /** The client has opened `space`, or is in it by another connection, and may have missed what was told there. */
  add(space: HostedSpace): void {
    if (!this.spaces.has(space.name))
      this.spaces.set(space.name, { space, told: new VersionVector(), toldAt: -1 })
  }

  /** It has ended, or the client has closed it. */
  remove(space: string): void {
    this.spaces.delete(space)
  }

  /** Adds to `frame` what is visible at this gateway and was not when the last frame left. */
  tell(frame: ReplyFrame): void {
    for (const seen of this.spaces.values()) {
      const { space, told, toldAt } = seen
      if (space.seenCount === toldAt) continue
      seen.toldAt = space.seenCount
      const news = newsFor(told, space.seen)
      if (news.isEmpty) continue
      told.merge(news)
      this.scratch.reset()
      news.encode(this.scratch)
      frame.reply({ kind: 'seen', space: space.name, vector: this.scratch.written() })
    }
  }
}

/** What `seen` has and `told` has not: all of it in a new epoch, for that says something of every life. */
function newsFor(told: VersionVector, seen: VersionVector): VersionVector {
  if (seen.epoch > told.epoch) return seen
  return new VersionVector(
    0,
    [...seen.entries()].filter(([replica, last]) => !told.has(replica, last)),
  )
}
