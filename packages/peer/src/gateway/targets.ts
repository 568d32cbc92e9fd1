import type { Arguments, DefineTarget, Failure, TransactionWrite } from '@joinery/client/protocol'
import { failureOf } from '@joinery/client/protocol'
import { invalidValue } from '@joinery/crdt-objects'
import { resolvePlace, verbMode, type VerbMode } from '@joinery/crdt-objects/engine'
import type { Watched } from './client-changes.ts'
import type { HostedSpace, ServedObject } from './host.ts'

/** A verb of a place, found once and called often. */
export interface Target {
  readonly spaceName: string
  readonly mode: VerbMode
  /** Of the verb `changes`: where they are heard. */
  readonly watched?: Watched | undefined
  call(args: Arguments): unknown
}

/** Why something is not there: each call to it fails with that. */
interface Failed {
  readonly failure: Failure
}

/** A target, or why there is none. */
export type Resolved = Target | Failed

/** An object that was opened. */
export interface OpenedObject {
  readonly spaceName: string
  /** Absent when it was opened to be looked at, by its name alone. */
  readonly space?: HostedSpace | undefined
  readonly served: ServedObject
}

/** The writes of a transaction, ready to be carried out. */
export interface ResolvedTransaction {
  readonly space: HostedSpace | undefined
  readonly run: () => undefined
}

type Method = (...args: Arguments) => unknown

/**
 * The objects and targets of one connection, by the numbers that the client gave them. Their number is bounded by the
 * protocol: a number is an index below a fixed limit.
 */
export class Targets {
  private readonly objects: (OpenedObject | Failed | undefined)[] = []
  private readonly targets: (BoundTarget | Failed | undefined)[] = []

  setObject(number: number, object: OpenedObject): void {
    this.objects[number] = object
  }

  failObject(number: number, error: unknown): void {
    this.objects[number] = { failure: failureOf(error) }
  }

  define({ target, object, path, verb }: DefineTarget): void {
    const entry = this.objects[object] ?? unknownTarget
    this.targets[target] = 'failure' in entry ? entry : new BoundTarget(entry, path, verb)
  }

  /** All that is in the space fails from now on, and is let go of. */
  end(spaceName: string, reason: unknown): void {
    const failed = { failure: failureOf(reason) }
    const isOver = (entry: OpenedObject | BoundTarget | Failed | undefined): boolean =>
      entry !== undefined && 'spaceName' in entry && entry.spaceName === spaceName
    this.objects.forEach((entry, number) => {
      if (isOver(entry)) this.objects[number] = failed
    })
    this.targets.forEach((entry, number) => {
      if (isOver(entry)) this.targets[number] = failed
    })
  }

  find(target: number): Resolved {
    const found = this.targets[target] ?? unknownTarget
    return 'failure' in found ? found : found.resolved()
  }

  /**
   * Finds everything that a transaction writes to, before anything of it is carried out.
   *
   * @throws JoineryError VALUE_INVALID
   */
  transaction(writes: readonly TransactionWrite[]): ResolvedTransaction | Failed {
    const calls: (() => unknown)[] = []
    let space: HostedSpace | undefined
    for (const { object, path, verb, args } of writes) {
      const entry = this.objects[object] ?? unknownTarget
      if ('failure' in entry) return entry
      if (entry.space === undefined) throw invalidValue('a transaction writes to opened objects')
      space ??= entry.space
      // Elsewhere it would be carried out at once, whatever becomes of the rest.
      if (entry.space !== space) throw invalidValue('a transaction writes to objects of one space')
      const target = resolve(entry.spaceName, entry.served(), path, verb)
      if ('failure' in target) return target
      checkWrites(target)
      calls.push(() => target.call(args))
    }
    const run = (): undefined => {
      for (const call of calls) call()
    }
    return { space, run }
  }
}

/** @throws JoineryError VALUE_INVALID */
export function checkWrites({ mode }: Target): void {
  if (mode !== 'write') throw invalidValue('this verb was sent as a write, and is none')
}

/** A place and verb of an object, found anew when the object is served by another handle. */
class BoundTarget {
  readonly spaceName: string
  private readonly served: ServedObject
  private readonly path: readonly string[]
  private readonly verb: string
  private handle: object | undefined
  private found: Resolved = unknownTarget

  constructor({ spaceName, served }: OpenedObject, path: readonly string[], verb: string) {
    this.spaceName = spaceName
    this.served = served
    this.path = path
    this.verb = verb
  }

  resolved(): Resolved {
    const handle = this.served()
    if (handle === this.handle) return this.found
    this.handle = handle
    this.found = resolve(this.spaceName, handle, this.path, this.verb)
    return this.found
  }
}

function resolve(
  spaceName: string,
  handle: object,
  path: readonly string[],
  verb: string,
): Resolved {
  try {
    const place = resolvePlace(handle, path) as Readonly<Record<string, Method>>
    // Only verbs of the kind pass: a client reaches no other property of the handle.
    const mode = verbMode(place, [], verb)
    const watched = verb === 'changes' ? (place as unknown as Watched) : undefined
    return { spaceName, mode, watched, call: (args) => Reflect.apply(place[verb]!, place, args) }
  } catch (error) {
    return { failure: failureOf(error) }
  }
}

const unknownTarget = {
  failure: failureOf(invalidValue('this connection has given that number to no object or place')),
}
