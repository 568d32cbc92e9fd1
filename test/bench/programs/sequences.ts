// Texts and lists against Y.Text and Y.Array, with the same flush boundary: after one operation or a hundred the bytes
// for others exist, by `takeBatch` here, by the `update` event of one transaction there. Plain functions: whoever
// measures calls them by turns, ours and theirs, so that whatever else the machine does befalls both.
import * as Y from 'yjs'
import { SpaceState, kindOf } from '@joinery/crdt-objects/engine'
import { list, text, type Local } from '@joinery/crdt-objects'

/** What is done to a sequence, again and again. */
export type SequenceWork = 'text typed at the end' | 'text at random places' | 'list pushed'

export const sequenceWorks: readonly SequenceWork[] = [
  'text typed at the end',
  'text at random places',
  'list pushed',
]

/** One side's time and bytes. */
export interface SequenceRun {
  /** Operations with their bytes, in ms. */
  readonly localMs: number
  /** Another replica takes them all, one after the other, and reads once, in ms. */
  readonly remoteMs: number
  readonly bytesPerOperation: number
  /** What a newcomer is sent. */
  readonly stateBytes: number
}

export interface SequenceOptions {
  readonly work: SequenceWork
  readonly count: number
  readonly perFlush: number
  /** Whether somebody listens at the other replica, and wants the steps of each change. */
  readonly listened?: boolean
}

/** What is measured of one side. */
interface Side {
  operate(number: number): void
  flush(operations: () => void): Uint8Array
  /** Gives what takes in the updates and reads. */
  receiver(): { apply(update: Uint8Array): void; read(): unknown }
  stateBytes(): number
}

/** Loads what the measured calls need. */
export async function prepareSequences(): Promise<void> {
  await Promise.all(kindOf(text()).engines.map((engine) => engine.load()))
}

export function ourSequenceRun(options: SequenceOptions): SequenceRun {
  return measure(ourSide(options), options)
}

export function yjsSequenceRun(options: SequenceOptions): SequenceRun {
  return measure(yjsSide(options), options)
}

function measure(side: Side, { count, perFlush }: SequenceOptions): SequenceRun {
  const updates: Uint8Array[] = []
  const startMs = performance.now()
  for (let done = 0; done < count; done += perFlush) {
    const end = Math.min(count, done + perFlush)
    updates.push(
      side.flush(() => {
        for (let number = done; number < end; number++) side.operate(number)
      }),
    )
  }
  const localMs = performance.now() - startMs
  const receiver = side.receiver()
  const receiveMs = performance.now()
  for (const update of updates) receiver.apply(update)
  receiver.read()
  const remoteMs = performance.now() - receiveMs
  const bytes = updates.reduce((sum, update) => sum + update.length, 0)
  return { localMs, remoteMs, bytesPerOperation: bytes / count, stateBytes: side.stateBytes() }
}

/** The same places on both sides. */
function place(number: number): number {
  return number === 0
    ? 0
    : Math.imul(number, 2_654_435_761) % number < 0
      ? (Math.imul(number, 2_654_435_761) % number) + number
      : Math.imul(number, 2_654_435_761) % number
}

function letter(number: number): string {
  return String.fromCharCode(97 + (number % 26))
}

interface Sequences {
  readonly texts: Local<ReturnType<typeof text>>
  readonly items: Local<ReturnType<typeof list<string>>>
}

function ourReplica(replica: bigint): { state: SpaceState } & Sequences {
  const state = new SpaceState({ replica, clock: () => Date.now() })
  const open = (name: string, schema: Parameters<typeof kindOf>[0]): unknown =>
    state.open(name, kindOf(schema)).handle()
  return {
    state,
    texts: open('text', text()) as Sequences['texts'],
    items: open('list', list<string>()) as Sequences['items'],
  }
}

function ourSide({ work, listened = false }: SequenceOptions): Side {
  const { state, texts, items } = ourReplica(0x9234_5678_9abc_def0n)
  const operate = {
    'text typed at the end': (number: number) => {
      texts.insert(number, letter(number))
    },
    'text at random places': (number: number) => {
      texts.insert(place(number), letter(number))
    },
    'list pushed': (number: number) => {
      items.push(`item-${number % 1000}`)
    },
  }[work]
  return {
    operate,
    flush: (operations) => {
      operations()
      return state.takeBatch() ?? new Uint8Array()
    },
    receiver: () => {
      const other = ourReplica(0x8fed_cba9_8765_4321n)
      const target = work === 'list pushed' ? other.items : other.texts
      if (listened) target.subscribe((change) => change.detail[0]?.delta)
      return {
        apply: (update) => {
          if (other.state.apply(update) !== 'applied') throw new Error('a batch was not applied')
        },
        read: () => target.value,
      }
    },
    stateBytes: () => state.encodeState().length,
  }
}

function yjsSide({ work, listened = false }: SequenceOptions): Side {
  const document = new Y.Doc()
  const texts = document.getText('text')
  const items = document.getArray<string>('list')
  let bytes = new Uint8Array()
  document.on('update', (update: Uint8Array) => {
    bytes = update as Uint8Array<ArrayBuffer>
  })
  const operate = {
    'text typed at the end': (number: number) => {
      texts.insert(number, letter(number))
    },
    'text at random places': (number: number) => {
      texts.insert(place(number), letter(number))
    },
    'list pushed': (number: number) => {
      items.push([`item-${number % 1000}`])
    },
  }[work]
  return {
    operate,
    flush: (operations) => {
      document.transact(operations)
      return bytes
    },
    receiver: () => {
      const other = new Y.Doc()
      const target = work === 'list pushed' ? other.getArray('list') : other.getText('text')
      if (listened) {
        target.observe((event: { readonly delta: unknown }) => event.delta)
      }
      return {
        apply: (update) => {
          Y.applyUpdate(other, update)
        },
        read: () => target.toJSON() as unknown,
      }
    },
    stateBytes: () => Y.encodeStateAsUpdate(document).length,
  }
}
