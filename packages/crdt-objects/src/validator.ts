import { JoineryError, invalidValue } from './errors.ts'

/** What a validator says of a value: fine, or what is wrong with it. */
export interface ValidatorResult {
  readonly issues?: readonly { readonly message: string }[] | undefined
}

/**
 * Any validator that follows Standard Schema (standardschema.dev), version 1: Zod, Valibot, ArkType and many others do.
 * It accepts or refuses a value, which is then shared as it was given: what it would make of the value is not used. It
 * must answer at once.
 */
export interface Validator<T = unknown> {
  readonly '~standard': {
    readonly validate: (value: unknown) => ValidatorResult | Promise<ValidatorResult>
    /** Never there at run time: what values it takes. */
    readonly types?: { readonly input: T } | undefined
  }
}

/** Throws for values that a validator refuses. */
export type Check = (value: unknown) => void

/** The check that a builder was given, if it was given one. */
export function checkOf(validator: Validator | undefined): Check | undefined {
  if (validator === undefined) return undefined
  const standard = (validator as Partial<Validator> | null)?.['~standard']
  if (typeof standard?.validate !== 'function') {
    throw invalidValue('a validator follows Standard Schema: it has ~standard.validate', validator)
  }
  return (value) => {
    const result = validate(standard, value)
    if (result.issues === undefined) return
    throw invalidValue(result.issues.map(({ message }) => message).join('; '), value)
  }
}

function validate(standard: Validator['~standard'], value: unknown): ValidatorResult {
  let result: ValidatorResult | Promise<ValidatorResult>
  try {
    result = standard.validate(value)
  } catch (error) {
    const reason = `the validator failed: ${String(error)}`
    throw new JoineryError('VALUE_INVALID', reason, { reason }, { cause: error })
  }
  if (typeof (result as unknown) !== 'object' || (result as unknown) === null) {
    throw invalidValue('a validator answers with an object: of its issues, or of none', result)
  }
  if (!(result instanceof Promise)) return result
  // Its answer comes too late, and so does its failure.
  result.catch(() => undefined)
  throw invalidValue('a validator answers at once: asynchronous ones cannot check a write')
}
