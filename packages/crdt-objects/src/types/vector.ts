import { invalidValue } from '../errors.ts'
import type { Place } from '../faces/place.ts'
import { remoteClass } from '../faces/remote.ts'
import type { VectorHandle } from '../handles/vector.ts'
import type { Kind } from '../kind.ts'
import type { Schema } from '../schema.ts'
import { contributionsCodec } from '../state/contributions.ts'
import {
  checkAmount,
  checkAmounts,
  checkIndex,
  checkLength,
  checkSize,
  lengthOf,
} from '../sums/amounts.ts'
import { LocalSums, floatShape } from '../sums/local-sums.ts'
import { sumsContribution } from '../sums/sums-contribution.ts'
import { SumsNode } from '../sums/sums-node.ts'
import type { SumsShape } from '../sums/sums.ts'
import { defineKind, schemaOf } from './define.ts'

class LocalVector extends LocalSums<Float64Array> {
  protected readonly shape: SumsShape

  constructor(kind: Kind, place: Place, shape: SumsShape) {
    super(kind, place)
    this.shape = shape
  }

  add(values: unknown): void {
    const { row, count, largest } = checkAmounts(values, this.shape.length)
    this.write((content) => content.addRow(0, row, count), largest)
  }

  addAt(index: unknown, amount: unknown): void {
    const at = checkIndex(index, this.shape.length)
    const x = checkAmount(amount)
    this.write((content) => content.addAt(at, x), Math.abs(x))
  }

  addSparse(indexes: unknown, amounts: unknown): void {
    const count = lengthOf(indexes)
    checkLength(indexes, count)
    const places = Array.from(indexes, (index) => checkIndex(index, this.shape.length))
    const { row, largest } = checkAmounts(amounts, count)
    if (count === 0) return
    this.write(
      (content) =>
        places.map((index, i) => content.addAt(index, row[i] ?? 0)).every((kept) => kept),
      largest,
    )
  }
}

/** The kind of a vector; its arguments are not trusted. */
export function vectorKind(args: readonly unknown[]): Kind {
  if (args.length !== 1) throw invalidValue('a vector has a length')
  const length = checkSize(args[0], 'the length of a vector')
  const shape = floatShape(length)
  const contribution = sumsContribution(shape)
  const kind: Kind = defineKind<SumsNode>({
    name: 'vector',
    args: [length],
    verbs: { add: 'write', addAt: 'write', addSparse: 'write' },
    zero: () => new Float64Array(length),
    read: (node) => node.read(),
    ...contributionsCodec(contribution),
    createNode: (context, parent, key) => new SumsNode(context, parent, key, contribution),
    local: (place) => new LocalVector(kind, place, shape),
    remote: (place) => new RemoteVector(kind, place),
  })
  const RemoteVector = remoteClass(kind.verbs)
  return kind
}

/** The schema of a vector. */
export type VectorSchema = Schema<{
  readonly value: Float64Array
  readonly local: VectorHandle<'local'>
  readonly remote: VectorHandle<'remote'>
  readonly strong: VectorHandle<'strong'>
}>

/** A vector of `length` numbers, at most 262,144, that are added to: concurrent amounts sum. */
export function vector(length: number): VectorSchema {
  return schemaOf(vectorKind([length]))
}
