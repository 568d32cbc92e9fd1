// Operations drawn from a schema, as data: both the implementation and the oracle take them.
import { resolvePlace } from '#crdt-objects/faces/invoke.ts'
import { shapeAt, specOf } from './type-specs.ts'
import type { Draw, Operation, Shape } from './type-spec.ts'

/** Draws an operation on an object of this shape. `reading` gives what the writer reads of it. */
export function drawOperation(shape: Shape, draw: Draw, reading: () => unknown): Operation {
  return specOf(shape).draw(shape, {
    draw,
    reading,
    part(step, part, partReading) {
      const { path, verb, args } = drawOperation(part, draw, partReading)
      return { path: [step, ...path], verb, args }
    },
  })
}

/** Carries out an operation on a handle or draft of an object of this shape. */
export function carryOut(handle: object, shape: Shape, operation: Operation): void {
  const spec = specOf(shapeAt(shape, operation.path))
  const place = resolvePlace(handle, operation.path) as object
  if (spec.perform === undefined) callVerb(place, operation)
  else spec.perform(place, operation)
}

function callVerb(place: object, { verb, args }: Operation): void {
  const method = (place as Readonly<Record<string, unknown>>)[verb]
  if (typeof method !== 'function') throw new Error(`no verb ${verb}`)
  Reflect.apply(method, place, args)
}

/** A source of draws from a list of integers; beyond its end it gives zeros. */
export function drawsFrom(integers: readonly number[]): Draw {
  let at = 0
  return (bound) => (integers[at++] ?? 0) % bound
}
