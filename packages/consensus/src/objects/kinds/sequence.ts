import type { StrongSchema } from '@joinery/crdt-objects'
import { checkCount } from './arguments.ts'
import { defineKind } from './define-kind.ts'
import { checkWait, type KindBase, KindHandle } from './kind-handle.ts'
import { type Reserved, SequenceObject } from './sequence-object.ts'

/** The handle of a sequence, which reads as the number that comes next. */
export interface SequenceHandle extends KindBase<number> {
  /** A number that nobody else gets. One whose answer is lost is not given again. */
  next(): Promise<number>
  /** So many numbers in a row that nobody else gets. */
  reserve(count: number): Promise<Reserved>
}

export type SequenceSchema = StrongSchema<{
  readonly value: number
  readonly strong: SequenceHandle
}>

class Sequence extends KindHandle<number> implements SequenceHandle {
  async next(): Promise<number> {
    return (await this.command('next', [])).value as number
  }

  async reserve(count: number): Promise<Reserved> {
    const checked = checkCount('how many numbers to reserve', count)
    return (await this.command('reserve', [checked])).value as Reserved
  }
}

const build = defineKind<[{ readonly first: number }], SequenceSchema['~types']>({
  name: 'sequence',
  Class: SequenceObject,
  commands: ['next', 'reserve'],
  text: ({ first }) => (first === 1 ? 'sequence()' : `sequence({ first: ${first} })`),
  face: (target, options) => new Sequence(target, options),
})

/** Numbers in order, from `first` on (default 1), each given once. */
export function sequence(options: { readonly first?: number | undefined } = {}): SequenceSchema {
  const { first = 1 } = checkWait('a sequence', options, ['first'])
  const { MIN_SAFE_INTEGER, MAX_SAFE_INTEGER } = Number
  return build({ first: checkCount('the first number', first, MIN_SAFE_INTEGER, MAX_SAFE_INTEGER) })
}
