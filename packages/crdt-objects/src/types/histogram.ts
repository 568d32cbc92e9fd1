import { invalidValue } from '../errors.ts'
import { LocalHandle } from '../faces/local.ts'
import { remoteClass } from '../faces/remote.ts'
import type { HistogramHandle, HistogramValue } from '../handles/histogram.ts'
import type { Place } from '../faces/place.ts'
import type { Kind } from '../kind.ts'
import type { Schema } from '../schema.ts'
import { contributionsCodec } from '../state/contributions.ts'
import { checkAmount, lengthOf } from '../sums/amounts.ts'
import { sumsContribution } from '../sums/sums-contribution.ts'
import { SumsNode } from '../sums/sums-node.ts'
import { defineKind, schemaOf } from './define.ts'

const EDGES_MAX = 4096

class LocalHistogram extends LocalHandle<SumsNode, HistogramValue> {
  private readonly edges: readonly number[]

  constructor(kind: Kind, place: Place, edges: readonly number[]) {
    super(kind, place)
    this.edges = edges
  }

  record(...samples: readonly unknown[]): void {
    const bins = samples.map((sample) => binOf(this.edges, checkAmount(sample)))
    if (bins.length === 0) return
    this.make().add((content) => bins.map((bin) => content.addAt(bin, 1)).every((kept) => kept))
  }
}

/** How many edges are at or below the sample. */
function binOf(edges: readonly number[], sample: number): number {
  let low = 0
  let high = edges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((edges[middle] ?? 0) <= sample) low = middle + 1
    else high = middle
  }
  return low
}

function checkEdges(edges: unknown): readonly number[] {
  const count = lengthOf(edges)
  if (count < 1 || count > EDGES_MAX) {
    throw invalidValue(`a histogram has 1 to ${EDGES_MAX} edges`, count)
  }
  // A zero with a sign has another spelling in no schema.
  const checked = Array.from(edges as ArrayLike<unknown>, (edge) => checkAmount(edge) + 0)
  for (const [i, edge] of checked.entries()) {
    if (i > 0 && edge <= (checked[i - 1] ?? 0)) {
      throw invalidValue('the edges of a histogram ascend strictly', edge)
    }
  }
  return Object.freeze(checked)
}

function valueOf(edges: readonly number[], counts: Float64Array): HistogramValue {
  return Object.freeze({ edges, counts: Object.freeze([...counts]) })
}

/** The kind of a histogram; its arguments are not trusted. */
export function histogramKind(args: readonly unknown[]): Kind {
  if (args.length !== 1) throw invalidValue('a histogram has edges')
  const edges = checkEdges(args[0])
  const length = edges.length + 1
  const contribution = sumsContribution({
    length,
    low: 0,
    high: Number.MAX_SAFE_INTEGER,
    whole: true,
  })
  const kind: Kind = defineKind<SumsNode>({
    name: 'histogram',
    args: [edges],
    verbs: { record: 'write' },
    zero: () => valueOf(edges, new Float64Array(length)),
    read: (node) => valueOf(edges, node.read()),
    ...contributionsCodec(contribution),
    createNode: (context, parent, key) => new SumsNode(context, parent, key, contribution),
    local: (place) => new LocalHistogram(kind, place, edges),
    remote: (place) => new RemoteHistogram(kind, place),
  })
  const RemoteHistogram = remoteClass(kind.verbs)
  return kind
}

/** The schema of a histogram. */
export type HistogramSchema = Schema<{
  readonly value: HistogramValue
  readonly local: HistogramHandle<'local'>
  readonly remote: HistogramHandle<'remote'>
  readonly strong: HistogramHandle<'strong'>
}>

/** Counts of samples by bin. The edges between bins are finite numbers that ascend strictly, at most 4,096. */
export function histogram(edges: ArrayLike<number>): HistogramSchema {
  return schemaOf(histogramKind([edges]))
}
