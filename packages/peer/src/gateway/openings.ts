import type { Request } from '@joinery/client/protocol'
import type { OpenSpaces } from './open-spaces.ts'
import type { ReplyFrame } from './reply-frame.ts'
import type { Targets } from './targets.ts'

/** What opening needs of its connection. */
export interface OpeningsParts {
  readonly spaces: OpenSpaces
  readonly targets: Targets
  readonly frame: ReplyFrame
  readonly fail: (id: number, error: unknown) => void
}

/** Opens spaces and objects for one connection. A promise stands for what has to wait for the peer. */
export class Openings {
  private readonly parts: OpeningsParts

  constructor(parts: OpeningsParts) {
    this.parts = parts
  }

  space({ id, space }: Request & { kind: 'open-space' }): Promise<void> {
    const { spaces, frame, fail } = this.parts
    return spaces.space(space).then(
      () => frame.result(id, undefined),
      (error: unknown) => fail(id, error),
    )
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
