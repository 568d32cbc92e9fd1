/**
 * How long a space lives. `{ leaseMs }`: while somebody is in it, and so long after the last has gone, as a job does.
 * `{ ttlMs }`: so long after it was founded, whoever is in it. `'keep'`: until somebody ends it.
 */
export type Lifetime = { readonly leaseMs: number } | { readonly ttlMs: number } | 'keep'

/** A year: what is to live longer is kept. */
export const lifetimeMsMax = 365 * 24 * 60 * 60 * 1000

export function isSameLifetime(one: Lifetime | undefined, other: Lifetime | undefined): boolean {
  return lifetimeText(one) === lifetimeText(other)
}

/** As it would be written; 'none' where there is none. */
export function lifetimeText(lifetime: Lifetime | undefined): string {
  if (lifetime === undefined) return 'none'
  if (lifetime === 'keep') return "'keep'"
  return 'leaseMs' in lifetime ? `{ leaseMs: ${lifetime.leaseMs} }` : `{ ttlMs: ${lifetime.ttlMs} }`
}
