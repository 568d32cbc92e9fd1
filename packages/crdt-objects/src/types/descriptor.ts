import { JoineryError, isJoineryError } from '../errors.ts'
import type { Kind } from '../kind.ts'
import type { KindIdentity } from '../kind-identity.ts'
import { bloomKind } from './bloom.ts'
import { counter } from './counter.ts'
import { descriptorProblem } from './define.ts'
import { userTypeKind } from './define-type.ts'
import { distinctKind } from './distinct.ts'
import { documentKind } from './document.ts'
import { max, min } from './extremum.ts'
import { DISABLE_WINS, flag } from './flag.ts'
import { histogramKind } from './histogram.ts'
import { list } from './list.ts'
import { log } from './log.ts'
import { mapKind } from './map.ts'
import { quantilesKind } from './quantiles.ts'
import { matrixKind } from './matrix.ts'
import { moments } from './moments.ts'
import { refKind } from './ref.ts'
import { register, registerKind } from './register.ts'
import { DELETE_WINS, set } from './set.ts'
import { slotOf } from '../state/struct-node.ts'
import { structKind } from './struct.ts'
import { isKey } from './text-key.ts'
import { text } from './text.ts'
import { topKKind } from './top-k.ts'
import { vectorKind } from './vector.ts'
import { typeNameProblem, typeNamed } from './user-type.ts'
import { VALUE_MAP } from './value-map.ts'

/** How deep schemas nest at the most. */
const DEPTH_MAX = 32
const CACHE_MAX = 1024

type Parse = (args: readonly unknown[], depth: number) => Kind

const parseByName: ReadonlyMap<string, Parse> = new Map<string, Parse>([
  ['counter', plain(counter().kind)],
  ['flag', oneOf(flag().kind, DISABLE_WINS)],
  ['list', plain(list().kind)],
  ['log', plain(log().kind)],
  ['text', plain(text().kind)],
  ['max', plain(max().kind)],
  ['min', plain(min().kind)],
  ['set', oneOf(set().kind, DELETE_WINS)],
  ['ref', parseRef],
  ['register', parseRegister],
  ['map', parseMap],
  ['struct', parseStruct],
  ['document', built(documentKind)],
  ['vector', built(vectorKind)],
  ['matrix', built(matrixKind)],
  ['moments', plain(moments().kind)],
  ['histogram', built(histogramKind)],
  ['distinct', numeric(1, distinctKind)],
  ['quantiles', numeric(1, quantilesKind)],
  ['bloom', numeric(2, bloomKind)],
  ['topK', numeric(1, topKKind)],
  ['type', parseType],
])

/** Parsed descriptors. Invariant: at most CACHE_MAX, the oldest dropped first. */
const kindByDescriptor = new Map<string, Kind>()

/**
 * Rebuilds a kind from its descriptor, which is not trusted.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function parseDescriptor(descriptor: string): Kind {
  const known = kindByDescriptor.get(descriptor)
  if (known !== undefined) return known
  const problem = descriptorProblem(descriptor)
  if (problem !== undefined) throw malformed(problem)
  const kind = parse(parseJson(descriptor), 0)
  // One schema, one spelling: else equal schemas would have different fingerprints.
  if (kind.descriptor !== descriptor) throw malformed('not canonical')
  kindByDescriptor.set(descriptor, kind)
  if (kindByDescriptor.size > CACHE_MAX) {
    const [oldest] = kindByDescriptor.keys()
    if (oldest !== undefined) kindByDescriptor.delete(oldest)
  }
  return kind
}

/** Whether a kind of that name can be opened from its descriptor. */
export function isKindName(name: string): boolean {
  return parseByName.has(name)
}

/** The first type of a user's own in the descriptor that this process has not defined. */
export function unknownTypeIn({ descriptor }: KindIdentity): string | undefined {
  return firstUnknown(JSON.parse(descriptor) as unknown)
}

function firstUnknown(json: unknown): string | undefined {
  if (!Array.isArray(json)) return undefined
  const [kind, name] = json as unknown[]
  if (kind === 'type' && typeof name === 'string') {
    return typeNamed(name)?.isKnown === true ? undefined : name
  }
  for (const part of json as unknown[]) {
    const found = firstUnknown(part)
    if (found !== undefined) return found
  }
  return undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw malformed('no JSON')
  }
}

function malformed(reason: string): JoineryError {
  return new JoineryError('ENCODING_INVALID', `not a schema: ${reason}`, { reason, offset: 0 })
}

function parse(json: unknown, depth: number): Kind {
  if (depth > DEPTH_MAX) throw malformed('nested too deep')
  if (!Array.isArray(json)) throw malformed('a kind is an array')
  const [name, ...args] = json as unknown[]
  const parseArgs = typeof name === 'string' ? parseByName.get(name) : undefined
  if (parseArgs === undefined) throw malformed('unknown kind: is a newer version at work?')
  return parseArgs(args, depth)
}

function plain(kind: Kind): Parse {
  return (args) => {
    if (args.length > 0) throw malformed(`${kind.name} takes no arguments`)
    return kind
  }
}

/** A kind that numbers define, in ranges that it checks itself. */
function numeric(count: number, make: (...args: [number, number]) => Kind): Parse {
  return (args) => {
    const numbers = args.filter((arg) => typeof arg === 'number')
    if (args.length !== count || numbers.length !== count) throw malformed('arguments of a kind')
    try {
      return make(...(numbers as [number, number]))
    } catch (error) {
      if (isJoineryError(error, 'VALUE_INVALID')) throw malformed(error.details.reason)
      throw error
    }
  }
}

/** A kind that checks its arguments itself. */
function built(build: (args: readonly unknown[]) => Kind): Parse {
  return (args) => {
    try {
      return build(args)
    } catch (error) {
      throw malformed(error instanceof Error ? error.message : 'arguments')
    }
  }
}

/** Kinds of one name that differ in plain arguments. */
function oneOf(...kinds: readonly Kind[]): Parse {
  return (args) => {
    const kind = kinds.find(
      ({ name, descriptor }) => descriptor === JSON.stringify([name, ...args]),
    )
    if (kind === undefined) throw malformed('unknown arguments: is a newer version at work?')
    return kind
  }
}

function parseRegister(args: readonly unknown[]): Kind {
  const [initial] = args
  if (args.length === 0) return register().kind
  if (args.length > 1 || typeof initial !== 'string' || !/^([0-9a-f]{2})+$/.test(initial)) {
    throw malformed('initial value of a register')
  }
  return registerKind(initial)
}

function parseType(args: readonly unknown[]): Kind {
  const [name] = args
  const problem = args.length === 1 ? typeNameProblem(name) : 'a type has a name'
  if (problem !== undefined) throw malformed(problem)
  return userTypeKind(name as string) ?? malformedType()
}

function malformedType(): never {
  throw malformed('more types than a process keeps')
}

function parseRef(args: readonly unknown[], depth: number): Kind {
  if (args.length !== 1) throw malformed('a reference is to one kind of object')
  return refKind(parse(args[0], depth + 1))
}

function parseMap(args: readonly unknown[], depth: number): Kind {
  if (args.length > 1) throw malformed('a map has one kind of entry')
  return args.length === 0 ? VALUE_MAP : mapKind(parse(args[0], depth + 1))
}

function parseStruct(args: readonly unknown[], depth: number): Kind {
  const slots = new Set<string>()
  const fields = args.map((field) => {
    if (!Array.isArray(field) || field.length !== 2) throw malformed('field of a struct')
    const [name, json] = field as [unknown, unknown]
    if (typeof name !== 'string' || name === 'then' || !isKey(name)) throw malformed('field name')
    const kind = parse(json, depth + 1)
    // One name may stand for fields of different families: programs that disagree met in this object.
    const slot = slotOf({ name, kind })
    if (slots.has(slot)) throw malformed('field named twice')
    slots.add(slot)
    return { property: name, name, kind }
  })
  return structKind(fields)
}
