import { distinct, histogram, moments, quantiles, struct } from '@joinery/crdt-objects'
import type { LocalSpace } from '@joinery/peer'

export interface Statistics {
  readonly count: number
  readonly mean: number | undefined
  readonly median: number | undefined
  readonly customers: number
  readonly slow: number
}

const Requests = struct({
  moments: moments(),
  times: quantiles(),
  customers: distinct(),
  counts: histogram([100, 1000]),
})

export async function measure(
  space: LocalSpace,
  requests: Iterable<{ customer: string; ms: number }>,
): Promise<Statistics> {
  const measured = await space.open('requests', Requests)
  for (const { customer, ms } of requests) {
    measured.moments.record(ms)
    measured.times.record(ms)
    measured.customers.add(customer)
    measured.counts.record(ms)
  }
  return {
    count: measured.moments.value.count,
    mean: measured.moments.value.mean,
    median: measured.times.quantile(0.5),
    customers: measured.customers.value,
    slow: measured.counts.value.counts[2]!,
  }
}
