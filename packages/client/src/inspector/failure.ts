import { isJoineryError } from '@joinery/crdt-objects'
import { printableLines } from './printable.ts'

/** A mistake on the command line that commander cannot see. */
export class UsageError extends Error {}

/** Tells the user what went wrong and what to do, and returns the exit code. */
export function reportFailure(error: unknown): number {
  if (error instanceof UsageError) {
    console.error(`error: ${error.message}`)
    return 2
  }
  // A failure may name what others have written.
  console.error(`error: ${printableLines(describe(error))}`)
  return isJoineryError(error, 'VALUE_INVALID') ? 2 : 1
}

/** A failure for people. */
export function describe(error: unknown): string {
  if (isJoineryError(error, 'GATEWAY_UNREACHABLE'))
    return `${error.message}\nStart one with \`joinery-peer\`, or name it by --url or JOINERY_GATEWAY.`
  if (isJoineryError(error, 'ACCESS_DENIED'))
    return `${error.message}\nGive its token by JOINERY_TOKEN or --token-file.`
  if (isJoineryError(error, 'OBJECT_NOT_FOUND')) {
    const { space, name } = error.details
    const more = name === '' ? '`joinery ls`' : `\`joinery ls ${space}\``
    return `${error.message}\n${more} lists what is there.`
  }
  if (error instanceof Error) return error.message
  return String(error)
}
