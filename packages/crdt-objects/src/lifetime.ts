import { invalidValue, JoineryError } from './errors.ts'

/**
 * How long a space lives. `{ leaseMs }`: while somebody is in it, and so long after the last has gone, as a job does.
 * `{ ttlMs }`: so long after it was founded, whoever is in it. `'keep'`: until somebody ends it.
 */
export type Lifetime = { readonly leaseMs: number } | { readonly ttlMs: number } | 'keep'

/** A year: what is to live longer is kept. */
export const lifetimeMsMax = 365 * 24 * 60 * 60 * 1000

/** @throws JoineryError VALUE_INVALID, for what the types do not tell from what a program reads elsewhere. */
export function checkLifetime(lifetime: unknown): asserts lifetime is Lifetime | undefined {
  if (lifetime === undefined || lifetime === 'keep') return
  const words = "the lifetime of a space is { leaseMs }, { ttlMs } or 'keep'"
  if (typeof lifetime !== 'object' || lifetime === null) throw invalidValue(words, lifetime)
  const [entry, ...others] = Object.entries(lifetime)
  if (entry === undefined || others.length > 0) throw invalidValue(words, lifetime)
  const [name, ms] = entry as [string, unknown]
  if (name !== 'leaseMs' && name !== 'ttlMs') throw invalidValue(words, name)
  const isSound = typeof ms === 'number' && Number.isInteger(ms) && ms > 0 && ms <= lifetimeMsMax
  if (!isSound)
    throw invalidValue(`${name} is a whole number of ms, from 1 to ${lifetimeMsMax}, a year`, ms)
}

export function isSameLifetime(one: Lifetime | undefined, other: Lifetime | undefined): boolean {
  return lifetimeText(one) === lifetimeText(other)
}

/** As it would be written; of a space whose founder named none, what becomes of it. */
export function lifetimeText(lifetime: Lifetime | undefined): string {
  if (lifetime === undefined) return 'none'
  if (lifetime === 'keep') return "'keep'"
  return 'leaseMs' in lifetime ? `{ leaseMs: ${lifetime.leaseMs} }` : `{ ttlMs: ${lifetime.ttlMs} }`
}

/** The failure to open a space with a lifetime that it has not. */
export function lifetimeDiffers(
  space: string,
  expected: Lifetime,
  found: Lifetime | undefined,
): JoineryError<'SPACE_LIFETIME_DIFFERS'> {
  const [wanted, has] = [lifetimeText(expected), lifetimeText(found)]
  return new JoineryError(
    'SPACE_LIFETIME_DIFFERS',
    `The space "${space}" was founded with another lifetime: ${has}, and not ${wanted}. Open it without one, end it ` +
      'first, or use another name.',
    { space, expected, found },
  )
}
