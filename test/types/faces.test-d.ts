/* eslint-disable @typescript-eslint/no-unused-vars -- schemas are here for their types only */
/*
 * The two faces of every builder: what a local handle answers at once, a remote one answers with a promise. Checked by
 * the compiler; nothing here runs.
 */
import {
  type Change,
  counter,
  flag,
  type HandleOf,
  type Local,
  map,
  max,
  min,
  register,
  type Remote,
  set,
  struct,
  type ValueOf,
} from '@joinery/crdt-objects'
import { expectTypeOf } from 'expect-type'

interface Person {
  readonly name: string
  readonly age?: number
}

const Counter = counter()
declare const localCounter: Local<typeof Counter>
declare const remoteCounter: Remote<typeof Counter>
expectTypeOf<ValueOf<typeof Counter>>().toEqualTypeOf<number>()
expectTypeOf(localCounter.add(1)).toEqualTypeOf<void>()
expectTypeOf(localCounter.subtract).returns.toEqualTypeOf<void>()
expectTypeOf(localCounter.value).toEqualTypeOf<number>()
expectTypeOf(localCounter.read()).toEqualTypeOf<number>()
expectTypeOf(remoteCounter.add()).toEqualTypeOf<Promise<void>>()
expectTypeOf(remoteCounter.subtract(2)).toEqualTypeOf<Promise<void>>()
expectTypeOf(remoteCounter.read()).toEqualTypeOf<Promise<number>>()

const Highest = max()
const Lowest = min()
declare const localMax: Local<typeof Highest>
declare const remoteMin: Remote<typeof Lowest>
expectTypeOf<ValueOf<typeof Highest>>().toEqualTypeOf<number | undefined>()
expectTypeOf(localMax.offer(3)).toEqualTypeOf<void>()
expectTypeOf(localMax.value).toEqualTypeOf<number | undefined>()
expectTypeOf(remoteMin.offer(3)).toEqualTypeOf<Promise<void>>()
expectTypeOf(remoteMin.read()).toEqualTypeOf<Promise<number | undefined>>()

const Flag = flag()
declare const localFlag: Local<typeof Flag>
declare const remoteFlag: Remote<typeof Flag>
expectTypeOf<ValueOf<typeof Flag>>().toEqualTypeOf<boolean>()
expectTypeOf(localFlag.enable()).toEqualTypeOf<void>()
expectTypeOf(localFlag.value).toEqualTypeOf<boolean>()
expectTypeOf(remoteFlag.disable()).toEqualTypeOf<Promise<void>>()
expectTypeOf(remoteFlag.read()).toEqualTypeOf<Promise<boolean>>()

const Note = register<Person>()
const Title = register({ initial: 'untitled' })
declare const localNote: Local<typeof Note>
declare const remoteNote: Remote<typeof Note>
declare const remoteTitle: Remote<typeof Title>
expectTypeOf<ValueOf<typeof Note>>().toEqualTypeOf<Person | undefined>()
expectTypeOf<ValueOf<typeof Title>>().toEqualTypeOf<string>()
expectTypeOf(localNote.set({ name: 'Ada' })).toEqualTypeOf<void>()
expectTypeOf(localNote.conflicts()).toEqualTypeOf<readonly Person[]>()
expectTypeOf(remoteNote.set({ name: 'Ada', age: 36 })).toEqualTypeOf<Promise<void>>()
expectTypeOf(remoteNote.conflicts()).toEqualTypeOf<Promise<readonly Person[]>>()
expectTypeOf(remoteTitle.read()).toEqualTypeOf<Promise<string>>()

const Tags = set<'gift' | 'fragile'>()
declare const localTags: Local<typeof Tags>
declare const remoteTags: Remote<typeof Tags>
expectTypeOf<ValueOf<typeof Tags>>().toEqualTypeOf<ReadonlySet<'gift' | 'fragile'>>()
expectTypeOf(localTags.add('gift')).toEqualTypeOf<void>()
expectTypeOf(localTags.size).toEqualTypeOf<number>()
expectTypeOf(localTags.has('gift')).toEqualTypeOf<boolean>()
expectTypeOf([...localTags]).toEqualTypeOf<('gift' | 'fragile')[]>()
expectTypeOf(remoteTags.delete('gift')).toEqualTypeOf<Promise<void>>()
expectTypeOf(remoteTags.has('gift')).toEqualTypeOf<Promise<boolean>>()
expectTypeOf(remoteTags.count()).toEqualTypeOf<Promise<number>>()
expectTypeOf(remoteTags.values()).toEqualTypeOf<AsyncIterable<'gift' | 'fragile'>>()

const Prices = map<number>()
declare const localPrices: Local<typeof Prices>
declare const remotePrices: Remote<typeof Prices>
expectTypeOf<ValueOf<typeof Prices>>().toEqualTypeOf<ReadonlyMap<string, number>>()
expectTypeOf(localPrices.set('bread', 3)).toEqualTypeOf<void>()
expectTypeOf(localPrices.get('bread')).toEqualTypeOf<number | undefined>()
expectTypeOf(localPrices.size).toEqualTypeOf<number>()
expectTypeOf(localPrices).toExtend<ReadonlyMap<string, number>>()
expectTypeOf(remotePrices.set('bread', 3)).toEqualTypeOf<Promise<void>>()
expectTypeOf(remotePrices.get('bread')).toEqualTypeOf<Promise<number | undefined>>()
expectTypeOf(remotePrices.keys()).toEqualTypeOf<AsyncIterable<string>>()
expectTypeOf(remotePrices.entries()).toEqualTypeOf<AsyncIterable<readonly [string, number]>>()

const Line = struct({ quantity: Counter, tags: Tags, value: Flag })
const Lines = map(Line)
declare const localLines: Local<typeof Lines>
declare const remoteLines: Remote<typeof Lines>
expectTypeOf<ValueOf<typeof Line>>().toEqualTypeOf<{
  readonly quantity: number
  readonly tags: ReadonlySet<'gift' | 'fragile'>
  readonly value: boolean
}>()
expectTypeOf<ValueOf<typeof Lines>>().toEqualTypeOf<ReadonlyMap<string, ValueOf<typeof Line>>>()
expectTypeOf(localLines.at('a').quantity.add(1)).toEqualTypeOf<void>()
expectTypeOf(localLines.get('a')).toEqualTypeOf<ValueOf<typeof Line> | undefined>()
expectTypeOf(localLines).toExtend<ReadonlyMap<string, ValueOf<typeof Line>>>()
expectTypeOf(remoteLines.at('a').quantity.add(1)).toEqualTypeOf<Promise<void>>()
expectTypeOf(remoteLines.get('a')).toEqualTypeOf<Promise<ValueOf<typeof Line> | undefined>>()
// A field with the name of a handle's member is reached by `at`; the member keeps its meaning.
expectTypeOf(localLines.at('a').value).toEqualTypeOf<ValueOf<typeof Line>>()
expectTypeOf(localLines.at('a').at('value').enable()).toEqualTypeOf<void>()
expectTypeOf(remoteLines.at('a').at('value').read()).toEqualTypeOf<Promise<boolean>>()

// On every face: waiting verbs are promises, changes are asynchronous, `with` keeps the face.
expectTypeOf(localCounter.until((n) => n > 3)).toEqualTypeOf<Promise<number>>()
expectTypeOf(remoteLines.until((lines) => lines.size > 3)).toEqualTypeOf<
  Promise<ReadonlyMap<string, ValueOf<typeof Line>>>
>()
expectTypeOf(localTags.changes()).toExtend<AsyncIterable<Change>>()
expectTypeOf(remoteTags.changes()).toExtend<AsyncIterable<Change>>()
expectTypeOf(remoteCounter.with({ timeoutMs: 10 }).read()).toEqualTypeOf<Promise<number>>()
expectTypeOf(remoteLines.with({ timeoutMs: 10 }).at('a').tags.count()).toEqualTypeOf<
  Promise<number>
>()

/** Portable code: the same lines on both faces. */
export async function portable(lines: HandleOf<typeof Lines>): Promise<number> {
  await lines.at('a').quantity.add(1)
  await lines.at('a').tags.add('gift')
  for await (const key of lines.keys()) await lines.delete(key)
  return await lines.count()
}
void portable(localLines)
void portable(remoteLines)
