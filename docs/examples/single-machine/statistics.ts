export interface Statistics {
  readonly count: number
  readonly mean: number | undefined
  readonly median: number | undefined
  readonly customers: number
  readonly slow: number
}

export function measure(requests: Iterable<{ customer: string; ms: number }>): Statistics {
  const times: number[] = []
  const customers = new Set<string>()
  const counts = [0, 0, 0]
  for (const { customer, ms } of requests) {
    times.push(ms)
    customers.add(customer)
    counts[ms < 100 ? 0 : ms < 1000 ? 1 : 2]! += 1
  }
  times.sort((a, b) => a - b)
  return {
    count: times.length,
    mean: times.length > 0 ? times.reduce((sum, ms) => sum + ms, 0) / times.length : undefined,
    median: times[Math.floor((times.length - 1) / 2)],
    customers: customers.size,
    slow: counts[2]!,
  }
}
