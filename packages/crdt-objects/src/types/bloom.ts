import type { BatchReader } from '../codec/batch-reader.ts'
import type { BatchWriter } from '../codec/batch-writer.ts'
import { invalidValue } from '../errors.ts'
import { LocalHandle } from '../faces/local.ts'
import type { Place } from '../faces/place.ts'
import { remoteClass } from '../faces/remote.ts'
import type { BloomHandle } from '../handles/bloom.ts'
import type { Kind } from '../kind.ts'
import { checkOptions } from '../options.ts'
import type { Schema } from '../schema.ts'
import type { BloomShape } from '../sketches/bloom-filter.ts'
import {
  BITS_MAX,
  BitSet,
  ERROR_MAX,
  ERROR_MIN,
  bloomShape,
  estimateItems,
  forEachBit,
} from '../sketches/bloom-filter.ts'
import { hashOf } from '../sketches/hash.ts'
import type { Contribution } from '../state/contributions.ts'
import { contributionsCodec } from '../state/contributions.ts'
import { ContributionsNode } from '../state/contributions-node.ts'
import { defineKind, schemaOf } from './define.ts'
import { elementKey } from './element-key.ts'
import type { Shareable } from './shareable.ts'
import { checkOption } from './sketch-option.ts'

const SPARSE = 0
const DENSE = 1
/** Roughly what a bit takes written by its number. */
const SPARSE_BYTES = 2

/** Bits travel by number, or all of them where that is shorter. */
function bitSets(size: number): Contribution<BitSet> {
  return {
    zero: () => new BitSet(size),
    copy: (content) => content.copy(),
    add: (target, increment) => {
      target.merge(increment)
    },
    encode: (batch, content) => {
      const dense = content.used * SPARSE_BYTES > size / 8
      batch.body.byte(dense ? DENSE : SPARSE)
      if (dense) batch.body.raw(content.toBytes())
      else encodeSparse(batch, content)
    },
    decode: (batch) => {
      const form = batch.body.byte()
      if (form === SPARSE) return decodeSparse(batch, size)
      return form === DENSE ? decodeDense(batch, size) : batch.body.fail('form of bits')
    },
    bytes: (content) => Math.min(content.used * SPARSE_BYTES, size / 8) + 2,
  }
}

function encodeSparse({ body }: BatchWriter, content: BitSet): void {
  const set: number[] = []
  content.forEach((bit) => set.push(bit))
  set.sort((a, b) => a - b)
  body.varint(set.length)
  let before = -1
  for (const bit of set) {
    body.varint(bit - before - 1)
    before = bit
  }
}

function decodeSparse({ body }: BatchReader, size: number): BitSet {
  const content = new BitSet(size)
  let before = -1
  for (let left = body.count(); left > 0; left--) {
    const bit = before + body.varint() + 1
    if (bit >= size) body.fail('bit beyond the filter')
    content.add(bit)
    before = bit
  }
  return content
}

function decodeDense({ body }: BatchReader, size: number): BitSet {
  const content = BitSet.fromBytes(size, body.raw(Math.ceil(size / 8)))
  return content ?? body.fail('bit beyond the filter')
}

class BloomNode extends ContributionsNode<BitSet> {
  count(shape: BloomShape): number {
    return estimateItems(this.content.used, shape)
  }

  has(bits: readonly number[]): boolean {
    return bits.every((bit) => this.hasBit(bit))
  }

  private hasBit(bit: number): boolean {
    return this.some((part) => part.has(bit))
  }

  add(bits: readonly number[]): void {
    const news = bits.filter((bit) => !this.hasBit(bit))
    if (news.length === 0) return
    const pending = this.begin()
    for (const bit of news) pending.add(bit)
    this.finish()
  }
}

class LocalBloom extends LocalHandle<BloomNode, number> {
  private readonly shape: BloomShape

  constructor(kind: Kind, place: Place, shape: BloomShape) {
    super(kind, place)
    this.shape = shape
  }

  add(...items: readonly unknown[]): void {
    const bits = items.flatMap((item) => this.bitsOf(item))
    if (bits.length > 0) this.make().add(bits)
  }

  has(item: unknown): boolean {
    const bits = this.bitsOf(item)
    return this.find()?.has(bits) ?? false
  }

  count(): number {
    return this.read()
  }

  private bitsOf(item: unknown): number[] {
    const bits: number[] = []
    forEachBit(hashOf(elementKey(item)), this.shape, (bit) => bits.push(bit))
    return bits
  }
}

/** The kind of a filter for that many items. */
export function bloomKind(capacity: number, error: number): Kind {
  checkOption('the capacity', capacity, { min: 1, max: BITS_MAX, whole: true })
  checkOption('the error', error, { min: ERROR_MIN, max: ERROR_MAX })
  const shape = bloomShape(capacity, error)
  if (shape.bits > BITS_MAX) {
    throw invalidValue(
      `a filter has at most ${BITS_MAX} bits, this one would have ${shape.bits}: divide the items over several`,
    )
  }
  const contribution = bitSets(shape.bits)
  const kind: Kind = defineKind<BloomNode>({
    name: 'bloom',
    args: [capacity, error],
    text: `bloom({ capacity: ${capacity}, error: ${error} })`,
    verbs: { add: 'write', has: 'read', count: 'read' },
    zero: () => 0,
    ...contributionsCodec(contribution),
    createNode: (context, parent, key) => new BloomNode(context, parent, key, contribution),
    read: (node) => node.count(shape),
    reading: (node) => node?.content.toBytes(),
    local: (place) => new LocalBloom(kind, place, shape),
    remote: (place) => new Remote(kind, place),
  })
  const Remote = remoteClass(kind.verbs)
  return kind
}

/** The schema of a Bloom filter of `T`. */
export type BloomSchema<T> = Schema<{
  readonly value: number
  readonly local: BloomHandle<'local', T>
  readonly remote: BloomHandle<'remote', T>
  readonly strong: BloomHandle<'strong', T>
}>

/** Options of {@link bloom}. */
export interface BloomOptions {
  /** How many items it is made for. With more than that, `has` is wrong more often. */
  readonly capacity: number
  /** The share of items never added that `has` takes for added, once it is full: from 0.000001 to 0.5, 0.01 by default. */
  readonly error?: number
}

/**
 * A Bloom filter: remembers which items were added in about 10 bits each (at an error of 0.01), and reads as about how
 * many they are. `has` never forgets an item, and is wrong about the stated share of those that were never added.
 */
export function bloom<T = string>(options: BloomOptions): BloomSchema<Shareable<T>> {
  checkOptions('a bloom filter', options, ['capacity', 'error'])
  return schemaOf(bloomKind(options.capacity, options.error ?? 0.01))
}
