import { defineObject, StrongObject } from '@joinery/consensus'
import { isJoineryError, type Spaces } from '@joinery/crdt-objects'

class Account extends StrongObject {
  balance = 0
  readonly creditMax: number

  constructor(creditMax: number) {
    super()
    this.creditMax = creditMax
  }

  deposit(amount: number): number {
    return (this.balance += amount)
  }

  /** Parks while funds are short. */
  withdraw(amount: number): number {
    this.waitUntil(this.balance + this.creditMax >= amount)
    return (this.balance -= amount)
  }

  statement(): { balance: number; at: number } {
    return { balance: this.balance, at: this.now }
  }
}

/** Peers that vote, and all who open accounts, import this module. */
export const account = defineObject('bank.Account', Account, { reads: ['statement'] })

export async function pay(spaces: Spaces, amount: number): Promise<string> {
  const mine = await (await spaces.space('bank')).open('alice', account(0))
  try {
    return `left: ${(await mine.with({ timeoutMs: 2_000 }).withdraw(amount)).toFixed(2)}`
  } catch (error) {
    if (isJoineryError(error, 'CALL_TIMEOUT')) return 'not enough money in time'
    throw error
  }
}
