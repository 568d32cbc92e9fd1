import type { DefineTarget, Failure } from '@joinery/client/protocol'
import { failureOf } from '@joinery/client/protocol'
import { invalidValue } from '@joinery/crdt-objects'
import { resolvePlace, verbMode, type VerbMode } from '@joinery/crdt-objects/engine'

/** A verb of a place, found once and called often. */
export interface Target {
  readonly mode: VerbMode
  call(args: readonly unknown[]): unknown
}

/** A target, or why there is none: each call to it then fails with that. */
export type Resolved = Target | { readonly failure: Failure }

type Opened = { readonly handle: object } | { readonly failure: Failure }
type Method = (...args: readonly unknown[]) => unknown

/**
 * The objects and targets of one connection, by the numbers that the client gave them. Their number is bounded by the
 * protocol: a number is an index below a fixed limit.
 */
export class Targets {
  private readonly objects: (Opened | undefined)[] = []
  private readonly targets: (Resolved | undefined)[] = []

  setObject(number: number, handle: object): void {
    this.objects[number] = { handle }
  }

  failObject(number: number, error: unknown): void {
    this.objects[number] = { failure: failureOf(error) }
  }

  define({ target, object, path, verb }: DefineTarget): void {
    this.targets[target] = this.resolve(object, path, verb)
  }

  find(target: number): Resolved {
    return this.targets[target] ?? unknownTarget
  }

  private resolve(object: number, path: readonly string[], verb: string): Resolved {
    const entry = this.objects[object]
    if (entry === undefined) return unknownTarget
    if ('failure' in entry) return entry
    try {
      const place = resolvePlace(entry.handle, path) as Readonly<Record<string, Method>>
      // Only verbs of the kind pass: a client reaches no other property of the handle.
      const mode = verbMode(place, [], verb)
      return { mode, call: (args) => Reflect.apply(place[verb]!, place, args) }
    } catch (error) {
      return { failure: failureOf(error) }
    }
  }
}

const unknownTarget = {
  failure: failureOf(invalidValue('this connection has given that number to no object or place')),
}
