import { counter, type Local, map, register, type Schema } from '@joinery/crdt-objects'
import { kindOf, type SpaceState } from '@joinery/crdt-objects/engine'

/** Opens one object of a space. */
export type OpenObject = <S extends Schema>(name: string, schema: S) => Local<S> | Promise<Local<S>>

/** Opens objects of a replica without a peer. */
export function openInState(state: SpaceState): OpenObject {
  return <S extends Schema>(name: string, schema: S) => {
    const kind = kindOf(schema)
    return state.open(name, kind).handle(kind)
  }
}

const kinds = { hits: counter(), title: register<string>(), fields: map<string>() }

/** Makes the objects from number `from` on, before `end`: counters, registers and maps in turn, each with one value. */
export async function makeObjects(open: OpenObject, from: number, end: number): Promise<void> {
  for (let number = from; number < end; number++) {
    const name = `object-${number}`
    if (number % 3 === 0) (await open(name, kinds.hits)).add(1)
    else if (number % 3 === 1) (await open(name, kinds.title)).set(`title ${number}`)
    else (await open(name, kinds.fields)).set('name', `value ${number}`)
  }
}

/** How many of the first `count` objects have their value. */
export async function countObjects(open: OpenObject, count: number): Promise<number> {
  let found = 0
  for (let number = 0; number < count; number++) {
    const name = `object-${number}`
    if (number % 3 === 0) found += (await open(name, kinds.hits)).value === 1 ? 1 : 0
    else if (number % 3 === 1) found += (await open(name, kinds.title)).value === undefined ? 0 : 1
    else found += (await open(name, kinds.fields)).size
  }
  return found
}
