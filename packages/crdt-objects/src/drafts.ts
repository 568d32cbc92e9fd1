import type { Fields, Local, StructMember } from './handles.ts'

/** Whether a member is a verb that writes: on `Local` such a verb gives nothing, elsewhere a promise of nothing. */
type IsWrite<M> = M extends (...args: never) => infer R
  ? [R] extends [never]
    ? false
    : [R] extends [void | Promise<void>]
      ? true
      : false
  : false

/** Reading members that give nothing, too. */
type NeverDrafted = 'forEach'

type Drafted<M> = M extends (...args: infer A) => Promise<void> ? (...args: A) => void : M

type Verbs<H> = {
  readonly [
    K in keyof H as K extends NeverDrafted ? never : IsWrite<H[K]> extends true ? K : never
  ]: Drafted<H[K]>
}

type Entries<H> = H extends { at(key: string): infer E } ? { at(key: string): Draft<E> } : unknown

type FieldDrafts<F extends Fields> = Omit<
  { readonly [K in keyof F]: Draft<Local<F[K]>> },
  StructMember
> & {
  at<K extends keyof F & string>(field: K): Draft<Local<F[K]>>
}

/** What a transaction writes an object with: the verbs of its handle that write, and the way down to its parts. */
export type Draft<H> = H extends { readonly '~fields'?: infer F }
  ? F extends Fields
    ? FieldDrafts<F>
    : Verbs<H> & Entries<H>
  : Verbs<H> & Entries<H>

/** Gives the draft of a handle of the space, within a transaction. */
export type Transaction = <H extends object>(handle: H) => Draft<H>
