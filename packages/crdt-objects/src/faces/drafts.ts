import { invalidValue } from '../errors.ts'
import type { ReplicaContext } from '../state/context.ts'
import { DraftObject } from './draft.ts'
import { invoke } from './invoke.ts'
import { LocalHandle } from './local.ts'
import { KIND, PLACE } from './members.ts'
import { RemoteHandle } from './remote.ts'

/** The draft of a local handle: its writes are carried out at once, within the transaction under way. */
export function draftOf(handle: object, context: ReplicaContext, isOver: () => boolean): object {
  if (handle instanceof RemoteHandle) {
    if (handle[PLACE].object.ordered === true) {
      throw invalidValue(
        'a transaction is of eventual objects, and this one is strong',
        handle.name,
      )
    }
    throw invalidValue("this is a handle of a client, and the transaction is a peer's", handle.name)
  }
  if (!(handle instanceof LocalHandle)) throw invalidValue('a transaction takes handles', handle)
  if (handle[PLACE].context !== context) {
    throw invalidValue('a transaction takes handles of its own space', handle.name)
  }
  const object = new DraftObject(handle.name, {
    write: ({ path, verb, args }) => {
      invoke(handle, path, verb, args)
    },
    refuse: (error) => {
      if (context.transaction !== undefined) context.transaction.refusal ??= { error }
    },
    isOver,
  })
  return handle[KIND].remote({ object, path: [], options: {} })
}
