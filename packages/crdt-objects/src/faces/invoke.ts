import { invalidValue } from '../errors.ts'
import type { Kind } from '../kind.ts'
import type { VerbMode } from '../kind-identity.ts'
import type { Schema } from '../schema.ts'
import { kindOfSchema } from '../types/define.ts'
import { KIND } from './members.ts'
import type { RemoteObject } from './remote-place.ts'

interface Served {
  readonly [KIND]: Kind
  readonly at?: (key: string) => unknown
}

/** The handle at `path` below a local handle. */
export function resolvePlace(handle: unknown, path: readonly string[]): unknown {
  let place = handle as Served
  for (const step of path) {
    if (place.at === undefined) {
      throw invalidValue(`a ${place[KIND].name} has no entries to go into`, step)
    }
    place = place.at(step) as Served
  }
  return place
}

/** How a verb of the object at `path` is called. */
export function verbMode(handle: unknown, path: readonly string[], verb: string): VerbMode {
  const kind = (resolvePlace(handle, path) as Served)[KIND]
  const mode = kind.verbs.get(verb)
  if (mode === undefined) {
    throw invalidValue(`a ${kind.name} has the verbs ${[...kind.verbs.keys()].join(', ')}`, verb)
  }
  return mode
}

/**
 * Calls a verb by name, for callers who are not trusted: only verbs of the kind are found.
 *
 * @throws JoineryError VALUE_INVALID, and what the verb throws.
 */
export function invoke(
  handle: unknown,
  path: readonly string[],
  verb: string,
  args: readonly unknown[],
): unknown {
  const place = resolvePlace(handle, path)
  verbMode(place, [], verb)
  const method = (place as Readonly<Record<string, unknown>>)[verb]
  if (typeof method !== 'function') throw invalidValue('the verb has no method', verb)
  return Reflect.apply(method, place, args) as unknown
}

/**
 * The kind of a schema that an object is opened with: what shared code works with.
 *
 * @throws JoineryError VALUE_INVALID for what is no schema.
 */
export function kindOf(schema: Schema): Kind {
  return kindOfSchema(schema, 'what an object is opened with')
}

/** The remote handle of a whole object, over whatever reaches it. */
export function remoteHandle(schema: Schema, object: RemoteObject): unknown {
  return schema.kind.remote({ object, path: [], options: {} })
}
