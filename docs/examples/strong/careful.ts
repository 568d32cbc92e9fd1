import { counter, isJoineryError, type Spaces } from '@joinery/crdt-objects'

/** Takes an amount off, if so much is there; says what is known when nobody answers. */
export async function withdraw(
  spaces: Spaces,
  amount: number,
): Promise<'done' | 'short' | 'not done' | 'nobody knows'> {
  const space = await spaces.space('bank')
  const balance = await space.open('balance', counter(), { mode: 'linearizable' })
  try {
    return (await balance.addIf(-amount, { min: 0 })) ? 'done' : 'short'
  } catch (error) {
    if (isJoineryError(error, 'CALL_TIMEOUT') || isJoineryError(error, 'GROUP_UNAVAILABLE')) {
      return error.details.outcome === 'not-applied' ? 'not done' : 'nobody knows'
    }
    throw error
  }
}
