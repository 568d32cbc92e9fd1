import { invalidValue } from '../errors.ts'
import type { Kind } from '../kind.ts'
import type { VerbMode } from '../kind-identity.ts'
import type { Schema } from '../schema.ts'
import { kindOfSchema } from '../types/define.ts'
import type { StrongSchema } from '../strong-schema.ts'
import type { WaitOptions } from '../wait-options.ts'
import { KIND } from './members.ts'
import { OrderedObject } from './ordered.ts'
import type { RemoteObject } from './remote-place.ts'
import type { StrongTarget } from './strong-target.ts'

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

/** The handle of a whole object in strong mode, over whatever reaches it. */
export function strongHandle(
  schema: Schema | StrongSchema,
  target: StrongTarget,
  options: WaitOptions = {},
): object {
  if ('strongKind' in schema) return schema.strongKind.face(target, options)
  return schema.kind.remote({ object: new OrderedObject(target), path: [], options })
}

/** Whether a schema is of a kind that is there in strong mode only. */
export function isStrongSchema(schema: Schema | StrongSchema): schema is StrongSchema {
  return 'strongKind' in schema
}

/** What a conditional verb of the object at `path` does, given its arguments; undefined when there is none of that name. */
export function conditionalVerb(
  handle: unknown,
  path: readonly string[],
  verb: string,
): ((args: readonly unknown[]) => unknown) | undefined {
  const place = resolvePlace(handle, path) as Served
  const work = place[KIND].conditional.get(verb)
  return work === undefined ? undefined : (args) => work(place as never, args)
}
