import { failureOf, type Request } from '@joinery/client/protocol'
import { isJoineryError } from '@joinery/crdt-objects'
import { Reader, VersionVector } from '@joinery/crdt-objects/engine'
import type { ClientSession } from './client-session.ts'
import type { HostedSpace } from './host.ts'
import type { OpenSpaces } from './open-spaces.ts'
import type { ReplyFrame } from './reply-frame.ts'
import type { SeenSpaces } from './seen-spaces.ts'
import type { Targets } from './targets.ts'

/** What opening needs of its connection. */
export interface OpeningsParts {
  readonly spaces: OpenSpaces
  readonly targets: Targets
  readonly seen: SeenSpaces
  readonly frame: ReplyFrame
  readonly fail: (id: number, error: unknown) => void
  /** Of the client; there from the hello on. */
  readonly session: () => ClientSession | undefined
}

/** Opens spaces and objects for one connection. A promise stands for what has to wait for the peer. */
export class Openings {
  private readonly parts: OpeningsParts

  constructor(parts: OpeningsParts) {
    this.parts = parts
  }

  space(request: Request & { kind: 'open-space' }): Promise<void> {
    const { frame, fail } = this.parts
    const { id } = request
    return this.reachedSpace(request).then(
      (founded) => frame.result(id, founded),
      (error: unknown) => fail(id, error),
    )
  }

  /** Gives the number that it was founded with; 0 while that is not known. */
  private async reachedSpace(request: Request & { kind: 'open-space' }): Promise<number> {
    const { spaces, seen, session } = this.parts
    const { space: name, lifetime, founded, after } = request
    const needed = decodeVector(after)
    // Of what it has seen before the client is to hear that it has ended, and not to be given another.
    if (founded === 0) session()?.endedSpaces.delete(name)
    this.checkNotEnded(name)
    let space: HostedSpace
    try {
      space = await spaces.space(name, { lifetime, founded: founded === 0 ? undefined : founded })
    } catch (error) {
      if (isJoineryError(error, 'SPACE_ENDED')) session()?.endedSpaces.set(name, error)
      throw error
    }
    session()?.enter(space, spaces.enter(space))
    seen.add(space)
    if (needed !== undefined) await space.reach(needed)
    return space.known?.founded ?? 0
  }

  close({ id, space }: Request & { kind: 'close-space' }): void {
    const { session, seen, frame } = this.parts
    session()?.exit(space)
    seen.remove(space)
    frame.result(id, undefined)
  }

  /** Ends a space for everybody; one that has ended before is not ended again. */
  async end({ space: name, founded }: Request & { kind: 'end-space' }): Promise<void> {
    const { session, spaces } = this.parts
    if (session()?.endedSpaces.has(name) === true) return
    try {
      const space = await spaces.space(name, { founded: founded === 0 ? undefined : founded })
      await space.end()
    } catch (error) {
      if (!isJoineryError(error, 'SPACE_ENDED')) throw error
    }
  }

  /** A space that the client was in has ended. */
  ended(space: string, reason: unknown): void {
    const { targets, seen, session, frame } = this.parts
    targets.end(space, reason)
    seen.remove(space)
    if (session()?.endedSpaces.has(space) === true)
      frame.reply({ kind: 'space-ended', space, failure: failureOf(reason) })
  }

  /** @throws JoineryError SPACE_ENDED */
  private checkNotEnded(space: string): void {
    const { endedSpaces } = this.parts.session() ?? {}
    if (endedSpaces?.has(space) === true) throw endedSpaces.get(space)
  }

  object(request: Request & { kind: 'open-object' }): Promise<void> | undefined {
    const { spaces, targets, frame, fail } = this.parts
    const { id, object, space, name, descriptor } = request
    const opened = (found: Awaited<ReturnType<OpenSpaces['object']>>): void => {
      targets.setObject(object, found)
      frame.result(id, undefined)
    }
    const failed = (error: unknown): void => {
      targets.failObject(object, error)
      fail(id, error)
    }
    try {
      this.checkNotEnded(space)
      const found = spaces.object(space, name, descriptor)
      if (found instanceof Promise) return found.then(opened, failed)
      opened(found)
    } catch (error) {
      failed(error)
    }
    return undefined
  }
}

/** @throws JoineryError ENCODING_INVALID */
function decodeVector(bytes: Uint8Array): VersionVector | undefined {
  if (bytes.length === 0) return undefined
  const reader = new Reader(bytes)
  const vector = VersionVector.decode(reader)
  reader.end()
  return vector
}
