import { invalidValue } from './errors.ts'

/**
 * Refuses what is no object of these options: an option of another name is a typing error, and would be ignored.
 * `what` is for people, such as `a flag`.
 */
export function checkOptions(what: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidValue(`${what} takes its options as an object: ${known.join(', ')}`, options)
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw invalidValue(`${what} has the options ${known.join(', ')}`, name)
  }
}

/** Refuses arguments where there are none to give. */
export function checkNoArguments(what: string, args: readonly unknown[]): void {
  if (args.length > 0) throw invalidValue(`${what} takes no options`, args[0])
}

/** Refuses what could not end a wait or a subscription. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined) return
  // Those of other realms are as good.
  const { aborted, addEventListener } = Object(signal) as Partial<AbortSignal>
  if (typeof aborted === 'boolean' && typeof addEventListener === 'function') return
  throw invalidValue('a signal is an AbortSignal', signal)
}
