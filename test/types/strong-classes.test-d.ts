/* eslint-disable @typescript-eslint/no-unused-vars -- classes are here for their types only, and misuse is what is wanted */
/* Classes of users' own: what their handles have, and what must not compile. Nothing here runs. */
import { StrongObject, defineObject } from '@joinery/consensus'
import type { Strong, ValueOf } from '@joinery/crdt-objects'
import { expectTypeOf } from 'expect-type'

interface Statement {
  readonly balance: number
  readonly at?: number
}

class Account extends StrongObject {
  balance = 0
  readonly creditMax: number
  readonly notes = new Map<string, readonly string[]>()
  opened: Date | undefined
  constructor(creditMax: number, owner?: string) {
    super()
    this.creditMax = creditMax
    this.notes.set('owner', owner === undefined ? [] : [owner])
  }
  deposit(amount: number, note?: string): number {
    return (this.balance += amount)
  }
  withdraw(amount: number): number {
    this.waitUntil(this.balance + this.creditMax >= amount)
    return (this.balance -= amount)
  }
  statement(): Statement {
    return { balance: this.balance, at: this.now }
  }
  tell(...lines: string[]): void {
    this.schedule(10, 'expire', this.caller, this.index, this.random())
  }
  read(): Statement | undefined {
    return undefined
  }
  protected expire(): void {
    const place = this.once(() => this.balance)
    expectTypeOf(place).toEqualTypeOf<number>()
  }
  protected override sessionEnded(session: string): void {}
}

const account = defineObject('types.Account', Account, { reads: ['statement'], internal: ['tell'] })
const Alice = account(0, 'alice')
declare const alice: Strong<typeof Alice>

expectTypeOf<Parameters<typeof account>>().toEqualTypeOf<
  [creditMax: number, owner?: string | undefined]
>()
expectTypeOf(alice.name).toEqualTypeOf<string>()
expectTypeOf(alice.deposit(1)).toEqualTypeOf<Promise<number>>()
expectTypeOf<Parameters<typeof alice.deposit>>().toEqualTypeOf<
  [amount: number, note?: string | undefined]
>()
expectTypeOf(alice.with({ timeoutMs: 5 }).withdraw(1)).toEqualTypeOf<Promise<number>>()
expectTypeOf(alice.statement()).toEqualTypeOf<Promise<Statement>>()
expectTypeOf(alice.tell('a', 'b')).toEqualTypeOf<Promise<void>>()
expectTypeOf<ValueOf<typeof Alice>>().toEqualTypeOf<Statement | undefined>()
expectTypeOf(alice).not.toHaveProperty('balance')
expectTypeOf(alice).not.toHaveProperty('expire')
expectTypeOf(alice).not.toHaveProperty('sessionEnded')

// @ts-expect-error constructors say what they take
account('0')
// @ts-expect-error methods say what they take
void alice.deposit('1')
// @ts-expect-error no such method
defineObject('types.Account', Account, { reads: ['statements'] })
// @ts-expect-error a field is no method
defineObject('types.Account', Account, { reads: ['balance'] })

class Late extends StrongObject {
  async later(): Promise<number> {
    return 1
  }
}
// @ts-expect-error methods are synchronous
defineObject('types.Late', Late)

class Lambda extends StrongObject {
  readonly handlers: { readonly on: () => void }[] = []
}
// @ts-expect-error fields are values
defineObject('types.Lambda', Lambda)

class Callback extends StrongObject {
  each(visit: (item: string) => void): void {
    visit('a')
  }
}
// @ts-expect-error arguments are values
defineObject('types.Callback', Callback)

class Closure extends StrongObject {
  give(): { readonly next: () => number } {
    return { next: () => 1 }
  }
}
// @ts-expect-error answers are values
defineObject('types.Closure', Closure)

class Made extends StrongObject {
  constructor(readFrom: () => number) {
    super()
    readFrom()
  }
}
// @ts-expect-error what a constructor takes is a value
defineObject('types.Made', Made)

class Thenable extends StrongObject {
  then(): void {}
}
// @ts-expect-error a handle with it would be a promise
defineObject('types.Thenable', Thenable)

class Named extends StrongObject {
  name = 'n'
}
// @ts-expect-error a handle has a member of this name
defineObject('types.Named', Named)

class Foreign {
  value = 1
}
// @ts-expect-error no class of strong objects
defineObject('types.Foreign', Foreign)

abstract class Abstract extends StrongObject {}
// @ts-expect-error it has no objects
defineObject('types.Abstract', Abstract)
