/* eslint-disable @typescript-eslint/no-unused-vars -- schemas are here for their types only */
/* What a validator says of its values is what a schema made with it has: checked by the compiler, nothing here runs. */
import {
  type Local,
  map,
  register,
  set,
  struct,
  type Validator,
  type ValueOf,
} from '@joinery/crdt-objects'
import { expectTypeOf } from 'expect-type'

interface Person {
  readonly name: string
}

/** As Standard Schema has it, which says more than is asked for here. */
interface Standard<In, Out> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) =>
      | { readonly value: Out; readonly issues?: undefined }
      | {
          readonly issues: readonly {
            readonly message: string
            readonly path?: readonly string[]
          }[]
        }
    readonly types?: { readonly input: In; readonly output: Out } | undefined
  }
}

declare const person: Standard<Person, { readonly called: string }>
declare const number: Standard<number, number>
declare const colour: Standard<'red' | 'green', string>
declare const untyped: Validator

const Owner = register({ validate: person })
const Size = register({ initial: 3, validate: number })
const Named = register<Person>({ validate: person })
const Anything = register({ validate: untyped })
const Colours = set({ wins: 'delete', validate: colour })
const Tags = set({ wins: 'delete' })
const Sizes = map({ validate: number })
const All = struct({ owner: Owner, colours: Colours })
declare const all: Local<typeof All>

// What goes in comes out: what a validator would make of it is not used.
expectTypeOf<ValueOf<typeof Owner>>().toEqualTypeOf<Person | undefined>()
expectTypeOf<ValueOf<typeof Size>>().toEqualTypeOf<number>()
expectTypeOf<ValueOf<typeof Named>>().toEqualTypeOf<Person | undefined>()
expectTypeOf<ValueOf<typeof Anything>>().toEqualTypeOf<unknown>()
expectTypeOf<ValueOf<typeof Colours>>().toEqualTypeOf<ReadonlySet<'red' | 'green'>>()
expectTypeOf<ValueOf<typeof Tags>>().toEqualTypeOf<ReadonlySet<string>>()
expectTypeOf<ValueOf<typeof Sizes>>().toEqualTypeOf<ReadonlyMap<string, number>>()
expectTypeOf(all.owner.set).parameter(0).toEqualTypeOf<Person>()
expectTypeOf(all.colours.add).parameter(0).toEqualTypeOf<'red' | 'green'>()

/** Misuse. */
export function misuse(): void {
  // @ts-expect-error an initial value that the validator refuses
  register({ initial: 'three', validate: number })
  // @ts-expect-error a validator of other values
  register<string>({ validate: number })
  // @ts-expect-error a function is no validator
  set({ validate: (value: unknown) => value === 3 })
  // @ts-expect-error entries that are objects check their own values
  map(register(), { validate: number })
  // @ts-expect-error not of the colours
  all.colours.add('blue')
  // @ts-expect-error no such winner
  set({ wins: 'disable' })
}
