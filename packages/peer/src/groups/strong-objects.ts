import { randomBytes } from 'node:crypto'
import {
  JoineryError,
  type Schema,
  type StrongSchema,
  type WaitOptions,
} from '@joinery/crdt-objects'
import { isStrongSchema, kindOf, loadEngines, strongHandle } from '@joinery/crdt-objects/engine'
import type { OrderedLog } from '@joinery/consensus'
import { type CallerClock, StrongCaller, type Visibility } from '@joinery/consensus/caller'

const clock: CallerClock = {
  nowMs: () => performance.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, Math.min(delayMs, 2 ** 31 - 1))
    // Sessions are renewed as long as the process lives, and do not keep it alive.
    timer.unref()
    return () => {
      clearTimeout(timer)
    }
  },
}

/** Where an object is opened. */
export interface StrongHome {
  readonly space: string
  /** The space, by identity. */
  readonly home: object
  /** Aborted, with the failure of later calls, when the space is closed. */
  readonly ended: AbortSignal
}

/** The objects in strong mode, as the users of one peer open them: all calls of a peer are of one session in each group. */
export class StrongObjects {
  /** What all of it is called by. */
  readonly caller: StrongCaller

  constructor(log: OrderedLog, visibility: Visibility) {
    this.caller = new StrongCaller({
      ...{ log, visibility, clock },
      random: () => Math.random(),
      newSession: () => randomBytes(16).toString('hex'),
    })
  }

  /** @throws JoineryError OBJECT_SCHEMA_DIFFERS, OBJECT_TYPE_UNKNOWN, GROUP_UNAVAILABLE, CALL_TIMEOUT */
  async open(
    where: StrongHome,
    name: string,
    schema: Schema | StrongSchema,
    options: WaitOptions = {},
  ): Promise<object> {
    const descriptor = await descriptorOf(schema)
    const target = await this.caller.target({ ...where, name, descriptor }, options)
    return strongHandle(schema, target)
  }

  async delete(space: string, name: string, options: WaitOptions = {}): Promise<void> {
    await this.caller.delete(space, name, options)
  }

  /** Ends the peer's sessions: what they hold is given back. */
  async close(): Promise<void> {
    await this.caller.close(new JoineryError('SPACE_ENDED', 'The peer is stopped.', { space: '' }))
  }
}

async function descriptorOf(schema: Schema | StrongSchema): Promise<string> {
  if (isStrongSchema(schema)) return schema.strongKind.descriptor
  const kind = kindOf(schema)
  await loadEngines(kind)
  return kind.descriptor
}
