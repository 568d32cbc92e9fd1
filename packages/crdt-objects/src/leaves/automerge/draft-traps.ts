import { invalidValue } from '../../errors.ts'

/** What a draft of a map does for its face. */
export interface MapFace {
  has(key: string): boolean
  get(key: string): unknown
  set(key: string, value: unknown): void
  delete(key: string): void
  keys(): string[]
}

/** What a draft of a list does for its face. */
export interface ListFace {
  /** What stands for an object that is in the list. */
  show(item: object): object
  /** What is kept of a value that is put in. */
  take(value: unknown): unknown
}

/** Makes an object look like the map that a draft stands for. */
export class MapTraps implements ProxyHandler<object> {
  private readonly draft: MapFace
  private readonly checkOpen: () => void

  constructor(draft: MapFace, checkOpen: () => void) {
    this.draft = draft
    this.checkOpen = checkOpen
  }

  get(target: object, key: string | symbol): unknown {
    this.checkOpen()
    if (typeof key === 'string' && this.draft.has(key)) return this.draft.get(key)
    return Reflect.get(target, key) as unknown
  }

  has(target: object, key: string | symbol): boolean {
    this.checkOpen()
    return (typeof key === 'string' && this.draft.has(key)) || Reflect.has(target, key)
  }

  set(_target: object, key: string | symbol, value: unknown): boolean {
    this.checkOpen()
    if (typeof key === 'symbol') throw invalidValue('keys must be strings, no symbols')
    this.draft.set(key, value)
    return true
  }

  deleteProperty(_target: object, key: string | symbol): boolean {
    this.checkOpen()
    if (typeof key === 'string') this.draft.delete(key)
    return true
  }

  ownKeys(): string[] {
    this.checkOpen()
    return this.draft.keys()
  }

  getOwnPropertyDescriptor(_target: object, key: string | symbol): PropertyDescriptor | undefined {
    this.checkOpen()
    if (typeof key === 'symbol' || !this.draft.has(key)) return undefined
    return { value: this.draft.get(key), writable: true, enumerable: true, configurable: true }
  }

  defineProperty(): never {
    throw refuseProperties()
  }

  setPrototypeOf(): never {
    throw refuseProperties()
  }

  preventExtensions(): never {
    throw refuseProperties()
  }
}

/** Makes an array behave as the list that a draft stands for. */
export class ListTraps implements ProxyHandler<unknown[]> {
  private readonly draft: ListFace
  private readonly checkOpen: () => void

  constructor(draft: ListFace, checkOpen: () => void) {
    this.draft = draft
    this.checkOpen = checkOpen
  }

  get(target: unknown[], key: string | symbol): unknown {
    this.checkOpen()
    const value = Reflect.get(target, key) as unknown
    if (typeof value !== 'object' || value === null || !Object.hasOwn(target, key)) return value
    const shown = this.draft.show(value)
    Reflect.set(target, key, shown)
    return shown
  }

  set(target: unknown[], key: string | symbol, value: unknown): boolean {
    this.checkOpen()
    if (key === 'length') {
      if (typeof value !== 'number' || value > target.length) {
        throw invalidValue('a list grows by what is put in', value)
      }
      return Reflect.set(target, key, value)
    }
    const index = typeof key === 'string' ? Number(key) : NaN
    if (!Number.isSafeInteger(index) || index < 0 || index > target.length) {
      throw invalidValue('a list has indexes up to its length, and no other keys', String(key))
    }
    return Reflect.set(target, key, this.draft.take(value))
  }

  getOwnPropertyDescriptor(
    target: unknown[],
    key: string | symbol,
  ): PropertyDescriptor | undefined {
    if (key !== 'length') this.get(target, key)
    return Reflect.getOwnPropertyDescriptor(target, key)
  }

  defineProperty(): never {
    throw refuseProperties()
  }

  setPrototypeOf(): never {
    throw refuseProperties()
  }

  preventExtensions(): never {
    throw refuseProperties()
  }
}

function refuseProperties(): Error {
  return invalidValue('a draft holds plain data: assign to it, and define nothing')
}
