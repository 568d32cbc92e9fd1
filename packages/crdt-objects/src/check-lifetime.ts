import { invalidValue, JoineryError } from './errors.ts'
import { type Lifetime, lifetimeMsMax, lifetimeText } from './lifetime.ts'

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
