import type { Lifetime } from './lifetime.ts'

/**
 * What a failed call is known to have done. `unknown` means that it may have been applied: asking again could apply
 * it twice, so nothing re-sends it silently.
 */
export type Outcome = 'not-applied' | 'unknown'

/**
 * The details that each error code carries. Packages add their codes by declaration merging, so that
 * `isJoineryError(error, code)` narrows `details` whichever package threw.
 */
export interface ErrorDetails {
  /** A value, key, number or option that an operation cannot take. The state is unchanged. */
  VALUE_INVALID: { readonly reason: string; readonly value?: string }
  /** A counter would leave the range in which its integers are exact (2^53 - 1). The state is unchanged. */
  COUNTER_OVERFLOW: { readonly value: number; readonly amount: number }
  /** The name is taken by an object of another schema. */
  OBJECT_SCHEMA_DIFFERS: {
    readonly name: string
    /** The schema that was asked for, as its builders would be written. */
    readonly expected: string
    /** The schema of the object. */
    readonly found: string
    /** Where they differ: names of fields, and `*` for the entries of a map. Empty at the object itself. */
    readonly path: readonly string[]
  }
  /** One operation or value exceeds what a batch can carry. The state is unchanged. */
  OBJECT_TOO_LARGE: { readonly bytes: number; readonly bytesMax: number }
  /** The heap of the peer is full (its option `heapBytesMax`): only what takes away is taken. The state is unchanged. */
  HEAP_FULL: { readonly bytes: number; readonly bytesMax: number }
  /** This peer has written more than its option `writeBytesPerSecondMax` allows. The state is unchanged. */
  WRITE_RATE_EXCEEDED: { readonly bytesPerSecondMax: number; readonly retryAfterMs: number }
  /** What was written here while the space was cut off is as much as is kept, to be written again. The state is unchanged. */
  WRITES_UNKEPT: { readonly bytesMax: number }
  /** The object is of a type of the user's own that this process has not defined. Nothing changed. */
  OBJECT_TYPE_UNKNOWN: { readonly type: string }
  /** A function that the user defined threw, or gave what cannot be shared; `cause` is what it threw. Nothing changed. */
  OBJECT_METHOD_FAILED: { readonly type: string; readonly method: string }
  /** Time ran out. `unknown` when the call may have been applied all the same. */
  CALL_TIMEOUT: { readonly timeoutMs: number; readonly outcome: Outcome }
  /** Another replica of the space has the number that texts and lists would know this one by. Nothing changed. */
  REPLICA_CLASHES: { readonly replica: string; readonly other: string }
  /** An epoch cannot be entered: not exactly what its record says is applied here. Nothing changed. */
  EPOCH_TOO_EARLY: {
    readonly slot: number
    readonly incarnation: number
    /** The last update of it that is in, as the record says. */
    readonly last: number
    /** The last one that is applied here. */
    readonly applied: number
  }
  /** The space has another lifetime than it is opened with; `found` is absent where its founder named none. */
  SPACE_LIFETIME_DIFFERS: {
    readonly space: string
    readonly expected: Lifetime
    readonly found?: Lifetime | undefined
  }
  /** The space was closed at this side, or has ended. */
  SPACE_ENDED: { readonly space: string }
  /** Bytes that are no valid encoding. */
  ENCODING_INVALID: { readonly reason: string; readonly offset: number }
}

export type ErrorCode = keyof ErrorDetails

/** An expected failure, with a code that never changes and details typed by it. */
export class JoineryError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'JoineryError'
  readonly code: C
  readonly details: ErrorDetails[C]
  /** True when the same call may succeed later without any change by the caller. */
  readonly retryable: boolean

  constructor(
    code: C,
    message: string,
    details: ErrorDetails[C],
    options: { readonly retryable?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.details = details
    this.retryable = options.retryable ?? false
  }
}

/** Tells whether `error` is a failure of ours, and with `code`, that failure: `details` is then typed by the code. */
export function isJoineryError<C extends ErrorCode = ErrorCode>(
  error: unknown,
  code?: C,
): error is JoineryError<C> {
  return error instanceof JoineryError && (code === undefined || error.code === code)
}

/** The commonest failure, in one line: an argument that the operation cannot take. */
export function invalidValue(reason: string, value?: unknown): JoineryError<'VALUE_INVALID'> {
  const shown = value === undefined ? undefined : describe(value)
  const details = shown === undefined ? { reason } : { reason, value: shown }
  return new JoineryError(
    'VALUE_INVALID',
    shown === undefined ? reason : `${reason}, got ${shown}`,
    details,
  )
}

function describe(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value)
  // Never its source.
  if (typeof value === 'function') return `the function ${value.name || 'without a name'}`
  if (typeof value === 'object' && value !== null) return describeObject(value)
  return String(value)
}

/** An object by its class, where that says more than the language does. */
function describeObject(value: object): string {
  const tag = Object.prototype.toString.call(value)
  if (tag !== '[object Object]') return tag
  const prototype = Object.getPrototypeOf(value) as { readonly constructor?: unknown } | null
  const maker = prototype?.constructor
  return typeof maker === 'function' && maker.name !== '' ? `[object ${maker.name}]` : tag
}
