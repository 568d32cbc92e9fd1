import type { Request } from '@joinery/client/protocol'
import { Reader, VersionVector } from '@joinery/crdt-objects/engine'
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
}

/** Opens spaces and objects for one connection. A promise stands for what has to wait for the peer. */
export class Openings {
  private readonly parts: OpeningsParts

  constructor(parts: OpeningsParts) {
    this.parts = parts
  }

  space({ id, space, after }: Request & { kind: 'open-space' }): Promise<void> {
    const { frame, fail } = this.parts
    return this.reachedSpace(space, after).then(
      () => frame.result(id, undefined),
      (error: unknown) => fail(id, error),
    )
  }

  private async reachedSpace(name: string, after: Uint8Array): Promise<void> {
    const { spaces, seen } = this.parts
    const needed = decodeVector(after)
    const space = await spaces.space(name)
    seen.add(space)
    if (needed !== undefined) await space.reach(needed)
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
