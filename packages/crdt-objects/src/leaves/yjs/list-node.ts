import type { Array as YArray } from 'yjs'
import type { SequenceStep } from '../../change.ts'
import type { Reader } from '../../codec/reader.ts'
import { VALUE_BYTES_MAX, snapshot } from '../../codec/snapshot.ts'
import { decodeValue, encodeValue } from '../../codec/value.ts'
import type { ReplicaContext } from '../../state/context.ts'
import type { Parent } from '../../state/node.ts'
import type { DocumentShape } from './document.ts'
import { yjs } from './engine.ts'
import { SequenceNode } from './sequence-node.ts'
import { StepsBuilder, eachFate } from './steps.ts'
import { DELETED, elementsOf } from './structs.ts'
import type { ContentCodec } from './structs.ts'

/** What waits to be put into a list. Elements are in the form in which Yjs keeps them. */
export type ListEdit =
  | { readonly verb: 'insert'; readonly index: number; readonly elements: unknown[] }
  | { readonly verb: 'delete'; readonly index: number; readonly count: number }

/**
 * What Yjs has no form for is boxed in an object, which it only carries: the bytes of batches are made here. So are all
 * objects, because what is boxed has to be told from what is not.
 */
interface Box {
  readonly value: unknown
}

/** An item in the form in which Yjs keeps it. */
export function elementOf(value: unknown): unknown {
  const isPlain =
    value === null ||
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean'
  return isPlain ? value : ({ value } satisfies Box)
}

/** The item, as state keeps it: callers may get it only as a snapshot. */
function itemOf(element: unknown): unknown {
  return typeof element === 'object' && element !== null ? (element as Box).value : element
}

export const LIST_CODEC: ContentCodec = {
  encode(batch, item, offset) {
    const arr = elementsOf(item)
    batch.body.varint(arr.length - offset)
    for (let i = offset; i < arr.length; i++) encodeValue(batch.body, itemOf(arr[i]))
  },
  decode(batch) {
    const content = decodeElements(batch.body, batch.body.count())
    return { content, length: content.length }
  },
  encodeAll(batch, items) {
    for (const item of items) {
      for (const element of elementsOf(item)) encodeValue(batch.body, itemOf(element))
    }
  },
  decodeAll: (batch, lengths) => lengths.map((length) => decodeElements(batch.body, length)),
}

function decodeElements(body: Reader, length: number): unknown[] {
  const elements: unknown[] = []
  for (let left = length; left > 0; left--) {
    const before = body.remaining
    elements.push(elementOf(decodeValue(body)))
    if (before - body.remaining > VALUE_BYTES_MAX) body.fail('item too large')
  }
  return elements
}

const SHAPE: DocumentShape<YArray<unknown>> = {
  root: (document) => document.getArray(),
  codec: LIST_CODEC,
  content({ what, length, content }) {
    const { ContentAny, ContentDeleted } = yjs()
    return what === DELETED ? new ContentDeleted(length) : new ContentAny(content as unknown[])
  },
  said: (item) => [...elementsOf(item)],
  steps(root, event) {
    const steps = new StepsBuilder()
    eachFate(root, event, (item, fate) => {
      if (fate === 'stays') steps.retain(item.length)
      else if (fate === 'goes') steps.delete(item.length)
      else steps.insert(itemsOf(elementsOf(item)))
    })
    return steps.finish()
  },
}

function itemsOf(elements: readonly unknown[]): readonly unknown[] {
  return Object.freeze(elements.map((element) => snapshot(itemOf(element))))
}

/** A list of Yjs at one place. */
export class ListNode extends SequenceNode<YArray<unknown>, ListEdit> {
  /** What is read, until something changes; not kept where a caller could change an item in it. */
  private reading: readonly unknown[] | undefined

  constructor(context: ReplicaContext, parent: Parent, key: string) {
    super(context, parent, key, SHAPE)
  }

  protected forget(): void {
    this.reading = undefined
  }

  protected clearEdit(): ListEdit {
    return { verb: 'delete', index: 0, count: this.length }
  }

  protected applyEdit(root: YArray<unknown>, edit: ListEdit): void {
    if (edit.verb === 'insert') root.insert(edit.index, edit.elements)
    else root.delete(edit.index, edit.count)
  }

  read(): readonly unknown[] {
    if (this.reading !== undefined) return this.reading
    const elements: unknown[] = []
    for (const item of this.view()?.visible() ?? []) {
      for (const element of elementsOf(item)) elements.push(element)
    }
    for (const edit of this.edits) {
      if (edit.verb === 'delete') elements.splice(edit.index, edit.count)
      else elements.splice(edit.index, 0, ...edit.elements)
    }
    const items = itemsOf(elements)
    if (items.every((item, index) => item === itemOf(elements[index]))) this.reading = items
    return items
  }

  get(index: number): unknown {
    if (this.reading !== undefined) return this.reading[index]
    if (!Number.isInteger(index) || index < 0 || index >= this.length) return undefined
    const root = this.view()?.root
    return this.edits.length > 0 || root === undefined
      ? this.read()[index]
      : snapshot(itemOf(root.get(index)))
  }

  /** One operation: puts in elements, which were checked. */
  insert(index: number, elements: unknown[], bytes: number): void {
    this.begin()
    this.context.next()
    const steps = this.steps(index, (builder) => builder.insert(itemsOf(elements)))
    const last = this.edits.at(-1)
    // Pushing is one edit: what follows the last insertion joins it.
    if (last?.verb === 'insert' && last.index + last.elements.length === index) {
      for (const element of elements) last.elements.push(element)
    } else {
      this.edits.push({ verb: 'insert', index, elements })
    }
    this.finish(elements.length, bytes, steps)
  }

  /** One operation: takes out a range, which was checked. */
  delete(index: number, count: number, bytes: number): void {
    this.begin()
    this.context.nextOfRemoval()
    const steps = this.steps(index, (builder) => builder.delete(count))
    this.edits.push({ verb: 'delete', index, count })
    this.finish(-count, bytes, steps)
  }

  private steps(
    index: number,
    add: (steps: StepsBuilder) => StepsBuilder,
  ): readonly SequenceStep[] {
    return this.context.watchers === 0 ? [] : add(new StepsBuilder().retain(index)).finish()
  }
}
