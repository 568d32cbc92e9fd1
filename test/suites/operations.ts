// Operations drawn from a schema, as data: both the implementation and the oracle take them.
import { invoke } from '#crdt-objects/engine.ts'

/** The shape of a kind, as its descriptor says it: name and arguments. */
export type Shape = readonly [name: string, ...args: unknown[]]

/** One call of a writing verb at a place below an object. */
export interface Operation {
  readonly path: readonly string[]
  readonly verb: string
  readonly args: readonly unknown[]
}

/** Gives one small integer after another; which ones is the property's business. */
export type Draw = (bound: number) => number

const keys = ['a', 'b', 'c']
/** Among them equal ones of two spellings, and ones that JSON would mix up. */
const elements: readonly unknown[] = [
  'a',
  '1',
  1,
  true,
  null,
  { x: 1, y: [2] },
  { y: [2], x: 1 },
  '\u0000o',
]

/** The fields of a struct's shape. */
export function fieldsOf(shape: Shape): readonly (readonly [string, Shape])[] {
  return shape.slice(1) as unknown as readonly (readonly [string, Shape])[]
}

/** The shape of a map's entries, or none if they are plain values. */
export function entryOf(shape: Shape): Shape | undefined {
  return shape[1] as Shape | undefined
}

/** Draws an operation on an object of this shape. */
export function drawOperation(shape: Shape, draw: Draw, path: readonly string[] = []): Operation {
  const on = (verb: string, ...args: unknown[]): Operation => ({ path, verb, args })
  switch (shape[0]) {
    case 'counter':
      return on(draw(3) === 0 ? 'subtract' : 'add', draw(5))
    case 'max':
    case 'min':
      return on('offer', draw(9) - 4)
    case 'flag':
      return on(draw(2) === 0 ? 'disable' : 'enable')
    case 'register':
      return on('set', drawValue(draw))
    case 'set':
      return drawSetOperation(on, draw)
    case 'struct': {
      const fields = fieldsOf(shape)
      const [name, field] = fields[draw(fields.length)]!
      return drawOperation(field, draw, [...path, name])
    }
    default:
      return drawMapOperation(shape, draw, path)
  }
}

type On = (verb: string, ...args: unknown[]) => Operation

function drawSetOperation(on: On, draw: Draw): Operation {
  const which = draw(8)
  if (which === 0) return on('clear')
  const element = elements[draw(elements.length)]
  return on(which < 3 ? 'delete' : 'add', element)
}

function drawMapOperation(shape: Shape, draw: Draw, path: readonly string[]): Operation {
  const entry = entryOf(shape)
  const which = draw(8)
  if (which === 0) return { path, verb: 'clear', args: [] }
  const key = keys[draw(keys.length)]!
  if (which < 3) return { path, verb: 'delete', args: [key] }
  if (entry === undefined) return { path, verb: 'set', args: [key, drawValue(draw)] }
  return drawOperation(entry, draw, [...path, key])
}

function drawValue(draw: Draw): unknown {
  return [draw(9), 'text', [draw(3)], { n: draw(3) }][draw(4)]
}

/** Carries out an operation on a local handle. */
export function carryOut(handle: object, { path, verb, args }: Operation): void {
  invoke(handle, path, verb, args)
}

/** A source of draws from a list of integers; beyond its end it gives zeros. */
export function drawsFrom(integers: readonly number[]): Draw {
  let at = 0
  return (bound) => (integers[at++] ?? 0) % bound
}
