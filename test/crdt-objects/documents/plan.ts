import { document } from '#crdt-objects/index.ts'

export interface Todo {
  text: string
  done?: boolean
}

export interface PlanValue {
  title: string
  body: string
  todos: Todo[]
  meta: Record<string, unknown>
}

/** Longer than what is taken for one value. */
export const PROSE =
  'It was a bright cold day in April, and the clocks were striking thirteen, one after the other.'

/** The document of these tests. */
export const Plan = document<PlanValue>({ title: 'Plan', body: PROSE, todos: [], meta: {} })

/** A value of a type that the compiler would refuse. */
export function wrong(value: unknown): never {
  return value as never
}
