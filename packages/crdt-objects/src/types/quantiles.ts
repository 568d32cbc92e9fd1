import type { BatchReader } from '../codec/batch-reader.ts'
import { invalidValue } from '../errors.ts'
import { LocalHandle } from '../faces/local.ts'
import type { Place } from '../faces/place.ts'
import { remoteClass } from '../faces/remote.ts'
import type { QuantilesHandle, QuantilesValue } from '../handles/quantiles.ts'
import type { Kind } from '../kind.ts'
import { checkOptions } from '../options.ts'
import type { Schema } from '../schema.ts'
import {
  ERROR_MAX,
  ERROR_MIN,
  LogBuckets,
  LogScale,
  quantileCode,
} from '../sketches/log-buckets.ts'
import type { Contribution } from '../state/contributions.ts'
import { contributionsCodec } from '../state/contributions.ts'
import { ContributionsNode } from '../state/contributions-node.ts'
import { defineKind, schemaOf } from './define.ts'
import { checkOption } from './sketch-option.ts'

/** Roughly what a bucket takes in a batch. */
const BUCKET_BYTES = 4

/** Buckets travel in the order of their values: the first one's code, then how far each is from the one before. */
function bucketCounts(scale: LogScale): Contribution<LogBuckets> {
  return {
    zero: () => new LogBuckets(),
    copy: (content) => content.copy(),
    add: (target, increment) => {
      target.merge(increment)
    },
    subtract: (total, base) => total.without(base),
    encode: ({ body }, content) => {
      body.varint(content.counts.size)
      let before = 0
      for (const [code, count] of content.sorted()) {
        body.zigzag(code - before)
        body.varint(count)
        before = code
      }
    },
    decode: (batch) => decodeBuckets(batch, scale),
    bytes: (content) => content.counts.size * BUCKET_BYTES + 2,
  }
}

function decodeBuckets({ body }: BatchReader, scale: LogScale): LogBuckets {
  const content = new LogBuckets()
  let before = 0
  for (let left = body.count(2); left > 0; left--) {
    const code = before + body.zigzag()
    const count = body.varint()
    if (!scale.isCode(code) || count === 0) body.fail('bucket')
    if (content.counts.has(code)) body.fail('bucket named twice')
    content.add(code, count)
    before = code
  }
  return content
}

class QuantilesNode extends ContributionsNode<LogBuckets> {
  record(codes: readonly number[]): void {
    const pending = this.begin()
    for (const code of codes) pending.add(code, 1)
    this.finish()
  }

  read(scale: LogScale): QuantilesValue {
    const quantile = this.quantiles(scale)
    const [p50, p90, p99] = [quantile(0.5), quantile(0.9), quantile(0.99)]
    return { count: this.content.total, p50, p90, p99 }
  }

  /** The quantiles as they are now: sorted once for all that are asked for. */
  quantiles(scale: LogScale): (q: number) => number | undefined {
    const { content } = this
    const sorted = content.sorted()
    return (q) => {
      const code = quantileCode(sorted, content.total, q)
      return code === undefined ? undefined : scale.valueOf(code)
    }
  }
}

class LocalQuantiles extends LocalHandle<QuantilesNode, QuantilesValue> {
  private readonly scale: LogScale

  constructor(kind: Kind, place: Place, scale: LogScale) {
    super(kind, place)
    this.scale = scale
  }

  record(...samples: readonly number[]): void {
    const codes = samples.map((sample) => {
      if (!Number.isFinite(sample)) throw invalidValue('a sample is a finite number', sample)
      return this.scale.codeOf(sample)
    })
    if (codes.length > 0) this.make().record(codes)
  }

  quantile(q: number): number | undefined {
    checkOption('a quantile', q, { min: 0, max: 1 })
    return this.find()?.quantiles(this.scale)(q)
  }
}

const EMPTY: QuantilesValue = { count: 0, p50: undefined, p90: undefined, p99: undefined }

/** The kind of quantiles within a relative error. */
export function quantilesKind(error: number): Kind {
  checkOption('the error', error, { min: ERROR_MIN, max: ERROR_MAX })
  const scale = new LogScale(error)
  const contribution = bucketCounts(scale)
  const kind: Kind = defineKind<QuantilesNode>({
    name: 'quantiles',
    args: [error],
    text: `quantiles({ error: ${error} })`,
    verbs: { record: 'write', quantile: 'read' },
    zero: () => EMPTY,
    ...contributionsCodec(contribution),
    createNode: (context, parent, key) => new QuantilesNode(context, parent, key, contribution),
    read: (node) => node.read(scale),
    reading: (node) => node?.content.sorted() ?? [],
    local: (place) => new LocalQuantiles(kind, place, scale),
    remote: (place) => new Remote(kind, place),
  })
  const Remote = remoteClass(kind.verbs)
  return kind
}

/** The schema of quantiles. */
export type QuantilesSchema = Schema<{
  readonly value: QuantilesValue
  readonly local: QuantilesHandle<'local'>
  readonly remote: QuantilesHandle<'remote'>
  readonly strong: QuantilesHandle<'strong'>
}>

/** Options of {@link quantiles}. */
export interface QuantilesOptions {
  /** How far a quantile may be from the exact one, as a share of it: from 0.001 to 0.5, 0.01 unless said otherwise. */
  readonly error?: number
}

/**
 * The distribution of samples, negative ones too: every quantile is within the relative error of the exact one, 1 %
 * unless said otherwise. The state is a count for each size that occurs, sizes being one when they differ by less than
 * twice the error: some 115 counts for samples over one decimal magnitude at 1 %, and no more however many samples.
 */
export function quantiles(options: QuantilesOptions = {}): QuantilesSchema {
  checkOptions('quantiles', options, ['error'])
  return schemaOf(quantilesKind(options.error ?? 0.01))
}
