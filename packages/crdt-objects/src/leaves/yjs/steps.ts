import type { Item } from 'yjs'
import type { SequenceStep } from '../../change.ts'

/** The value of each mark that is set. */
export type Marks = Readonly<Record<string, unknown>>

type Verb = 'retain' | 'insert' | 'delete'

/** Puts steps in a row, those that go together as one. */
export class StepsBuilder {
  private readonly steps: SequenceStep[] = []
  /** The step under way: a text has one for each run of items, and a long one has thousands of items. */
  private verb: Verb = 'retain'
  private count = 0
  private text = ''
  private items: unknown[] | undefined
  private marks: Marks | undefined

  retain(count: number, marks?: Marks): this {
    if (count === 0) return this
    this.turn('retain', marks)
    this.count += count
    return this
  }

  insert(content: string | readonly unknown[], marks?: Marks): this {
    if (content.length === 0) return this
    this.turn('insert', marks)
    this.count += content.length
    if (typeof content === 'string') {
      this.text += content
    } else {
      this.items ??= []
      for (const item of content) this.items.push(item)
    }
    return this
  }

  delete(count: number): this {
    if (count === 0) return this
    this.turn('delete', undefined)
    this.count += count
    return this
  }

  private turn(verb: Verb, marks: Marks | undefined): void {
    if (verb === this.verb && (marks === this.marks || sameMarks(marks, this.marks))) return
    this.end()
    this.verb = verb
    this.marks = marks
  }

  private end(): void {
    const { verb, count, text, items, marks: attributes } = this
    if (count === 0) return
    const marked = attributes === undefined ? {} : { attributes }
    if (verb === 'retain') this.steps.push(Object.freeze({ retain: count, ...marked }))
    else if (verb === 'delete') this.steps.push(Object.freeze({ delete: count }))
    else if (items === undefined) this.steps.push(Object.freeze({ insert: text, ...marked }))
    else this.steps.push(Object.freeze({ insert: Object.freeze(items) }))
    this.count = 0
    this.text = ''
    this.items = undefined
  }

  /** The steps; that the rest stays as it is need not be said. */
  finish(): readonly SequenceStep[] {
    if (this.verb !== 'retain' || this.marks !== undefined) this.end()
    return Object.freeze(this.steps)
  }
}

/** Whether two sets of marks are the same. */
export function sameMarks(a: Marks = {}, b: Marks = {}): boolean {
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameMark(a[key], b[key]))
  )
}

/** Whether two values of a mark, which are JSON, are the same. */
export function sameMark(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b))
}

/** A type of Yjs as the list of items that it is. */
export interface ItemList {
  readonly _start: Item | null
}

/** What an event of Yjs tells of an item, while it lasts. */
export interface ItemEvent {
  adds(item: Item): boolean
  deletes(item: Item): boolean
}

/** What an event did to one item. */
export type Fate = 'stays' | 'comes' | 'goes'

/** Tells of each item that was or is there what became of it. */
export function eachFate(
  root: ItemList,
  event: ItemEvent,
  tell: (item: Item, fate: Fate) => void,
): void {
  for (let item = root._start; item !== null; item = item.right) {
    if (!item.deleted) tell(item, event.adds(item) ? 'comes' : 'stays')
    else if (event.deletes(item) && !event.adds(item)) tell(item, 'goes')
  }
}
