import { errorOf } from '@joinery/consensus/caller'
import type { Change, WaitOptions } from '@joinery/crdt-objects'
import type { InspectedObject } from '../inspected-object.ts'
import type { ObjectSummary } from '../protocol/summary.ts'
import type { GatewayLog } from './gateway-log.ts'

/** All of it may have changed: what changed within it is known where the object is. */
const changed: Change = { origin: 'remote', by: [], detail: [{ path: [] }] }

/** Looks at an object in strong mode. It needs no session: it only reads. */
export async function inspectStrong(
  log: GatewayLog,
  space: string,
  { name, descriptor }: ObjectSummary,
  options: WaitOptions,
): Promise<InspectedObject> {
  const { group, object } = await log.openObject(space, name, descriptor, options)
  const query = { object, path: [], method: 'read', args: [] }
  const look = async (options: WaitOptions): Promise<{ value: unknown; position: number }> => {
    const outcome = await log.read(group, query, { ...options, space })
    if (outcome.kind === 'failed') throw errorOf(outcome.failure)
    const value = outcome.kind === 'done' ? outcome.value : undefined
    return { value, position: outcome.position }
  }
  return {
    name,
    read: async (options = {}) => (await look(options)).value,
    changes: async function* (options = {}): AsyncGenerator<Change> {
      let { position } = await look(options)
      for (;;) {
        position = await log.watch(group, object, position, options)
        yield changed
      }
    },
  }
}
