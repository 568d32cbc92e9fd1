import { invalidValue } from '../errors.ts'
import { LocalHandle } from '../faces/local.ts'
import { remoteClass } from '../faces/remote.ts'
import type { MomentsHandle } from '../handles/moments.ts'
import type { Kind } from '../kind.ts'
import type { Schema } from '../schema.ts'
import { ContributionsNode } from '../state/contributions-node.ts'
import { contributionsCodec } from '../state/contributions.ts'
import { checkAmount } from '../sums/amounts.ts'
import type { MomentsSums, MomentsValue } from '../sums/moments-sums.ts'
import { MOMENTS, SAMPLE_MAX, hasRoom, momentsValue, record } from '../sums/moments-sums.ts'
import { defineKind, schemaOf } from './define.ts'

/** Squares of samples below this never take a finite sum out of the finite numbers. */
const HARMLESS_MAX = 2 ** 480

class MomentsNode extends ContributionsNode<MomentsSums> {
  read(): MomentsValue {
    return momentsValue(this.content)
  }

  /** One operation; the samples are checked. */
  record(samples: readonly number[]): void {
    const pending = this.begin()
    for (const sample of samples) record(pending, sample)
    this.finish()
  }

  hasRoomFor(samples: readonly number[]): boolean {
    return hasRoom(this.content, samples) && hasRoom(this.ownContent, samples)
  }
}

class LocalMoments extends LocalHandle<MomentsNode, MomentsValue> {
  record(...samples: readonly unknown[]): void {
    const checked = samples.map(checkSample)
    if (checked.length === 0) return
    if (checked.some((sample) => Math.abs(sample) >= HARMLESS_MAX)) this.checkRoom(checked)
    this.make().record(checked)
  }

  private checkRoom(samples: readonly number[]): void {
    if (this.find()?.hasRoomFor(samples) ?? hasRoom(MOMENTS.zero(), samples)) return
    throw invalidValue('the sum of squares would leave the finite numbers: scale the samples down')
  }
}

function checkSample(sample: unknown): number {
  const checked = checkAmount(sample)
  if (Math.abs(checked) <= SAMPLE_MAX) return checked
  throw invalidValue(`samples are at most ${SAMPLE_MAX}, so that their squares are finite`, sample)
}

const KIND: Kind = defineKind<MomentsNode>({
  name: 'moments',
  args: [],
  verbs: { record: 'write' },
  zero: () => momentsValue(MOMENTS.zero()),
  read: (node) => node.read(),
  ...contributionsCodec(MOMENTS),
  createNode: (context, parent, key) => new MomentsNode(context, parent, key, MOMENTS),
  local: (place) => new LocalMoments(KIND, place),
  remote: (place) => new RemoteMoments(KIND, place),
})
const RemoteMoments = remoteClass(KIND.verbs)

/** The schema of moments. */
export type MomentsSchema = Schema<{
  readonly value: MomentsValue
  readonly local: MomentsHandle<'local'>
  readonly remote: MomentsHandle<'remote'>
  readonly strong: MomentsHandle<'strong'>
}>

/**
 * Count, sum, mean and variance of samples. Sums carry about 106 bits, so that samples far from zero lose nothing that
 * a double could tell.
 */
export function moments(): MomentsSchema {
  return schemaOf(KIND)
}
