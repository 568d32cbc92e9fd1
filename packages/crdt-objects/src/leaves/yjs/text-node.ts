import type { Text } from 'yjs'
import type { SequenceStep } from '../../change.ts'
import { decodeValue, encodeValue } from '../../codec/value.ts'
import type { ReplicaContext } from '../../state/context.ts'
import type { Incoming, Parent } from '../../state/node.ts'
import type { DocumentShape } from './document.ts'
import type { TextSpan } from '../../handles/text.ts'
import { yjs } from './engine.ts'
import { MarkWalk, isJson, isMarkName, marksBefore } from './marks.ts'
import type { SequenceDelta } from './sequence-node.ts'
import { SequenceNode } from './sequence-node.ts'
import { StepsBuilder, eachFate } from './steps.ts'
import type { Marks } from './steps.ts'
import { CONTENT, DELETED, charactersOf, markOf } from './structs.ts'
import type { ContentCodec, Struct } from './structs.ts'
import type { SequenceWhole } from './whole.ts'

/** What waits to be put into a text. */
export type TextEdit =
  | {
      readonly verb: 'insert'
      readonly index: number
      text: string
      /** Without: those of the unit before. */
      readonly marks: Marks | undefined
    }
  | { readonly verb: 'delete'; readonly index: number; readonly count: number }
  | {
      readonly verb: 'format'
      readonly index: number
      readonly count: number
      readonly marks: Marks
    }
  | { readonly verb: 'clear' }

const SURROGATE = /[\ud800-\udfff]/

export const TEXT_CODEC: ContentCodec = {
  encode(batch, item, offset) {
    const str = charactersOf(item)
    batch.body.text(offset === 0 ? str : str.slice(offset))
  },
  decode(batch) {
    const content = batch.body.text()
    return { content, length: content.length }
  },
  encodeAll(batch, items) {
    batch.body.text(items.map(charactersOf).join(''))
  },
  decodeAll(batch, lengths) {
    const all = batch.body.text()
    let at = 0
    const texts = lengths.map((length) => all.slice(at, (at += length)))
    return at === all.length ? texts : batch.body.fail('more or less text than its structs have')
  },
  encodeMark(batch, item) {
    const { key, value } = markOf(item)
    batch.body.text(key)
    encodeValue(batch.body, value)
  },
  decodeMark(batch) {
    const name = batch.body.text()
    if (!isMarkName(name)) batch.body.fail('name of a mark')
    const value = decodeValue(batch.body)
    return isJson(value) ? [name, value] : batch.body.fail('mark that is not plain JSON')
  },
}

const SHAPE: DocumentShape<Text> = {
  root: (document) => document.getText(),
  codec: TEXT_CODEC,
  content({ what, length, content }) {
    const { ContentDeleted, ContentFormat, ContentString } = yjs()
    if (what === DELETED) return new ContentDeleted(length)
    if (what === CONTENT) return new ContentString(content as string)
    const [name, value] = content as [string, object]
    return new ContentFormat(name, value)
  },
  said(item) {
    if (item.countable) return charactersOf(item)
    const { key, value } = markOf(item)
    return [key, value]
  },
  steps(root, event) {
    const steps = new StepsBuilder()
    const before = new MarkWalk()
    const after = new MarkWalk()
    eachFate(root, event, (item, fate) => {
      if (!item.countable) {
        if (fate !== 'comes') before.pass(item)
        if (fate !== 'goes') after.pass(item)
      } else if (fate === 'stays') {
        steps.retain(item.length, after.since(before))
      } else if (fate === 'comes') {
        steps.insert(charactersOf(item), after.marks)
      } else {
        steps.delete(item.length)
      }
    })
    return steps.finish()
  },
}

/** A text of Yjs at one place. */
export class TextNode extends SequenceNode<Text, TextEdit> {
  /** What is read, until something changes. */
  private reading: string | undefined
  /** What it becomes with the edit under way: kept only where it is looked at before each edit. */
  private revised: string | undefined
  /** Whether a unit may be half a character. Once it may, it may for ever: looking costs, but is right. */
  private isWide = false

  constructor(context: ReplicaContext, parent: Parent, key: string) {
    super(context, parent, key, SHAPE)
  }

  protected forget(): void {
    this.reading = this.revised
    this.revised = undefined
  }

  protected clearEdit(): TextEdit {
    return { verb: 'clear' }
  }

  protected applyEdit(root: Text, edit: TextEdit): void {
    if (edit.verb === 'insert') {
      // Given marks, Yjs looks for the place from the begin on. Where there are none at all, it need not.
      const isPlain = edit.marks === undefined || (!root._hasFormatting && isEmpty(edit.marks))
      // A copy: Yjs writes into it.
      root.insert(edit.index, edit.text, isPlain ? undefined : { ...edit.marks })
    } else if (edit.verb === 'delete') {
      root.delete(edit.index, edit.count)
    } else if (edit.verb === 'format') {
      root.format(edit.index, edit.count, { ...edit.marks })
    } else {
      clear(root)
    }
  }
  read(): string {
    if (this.reading === undefined) {
      let text = this.view()?.root.toJSON() ?? ''
      for (const edit of this.edits) text = revise(text, edit)
      this.reading = text
    }
    return this.reading
  }

  spans(): readonly TextSpan[] {
    let spans: TextSpan[] = []
    const walk = new MarkWalk()
    for (const item of this.view()?.visible() ?? []) {
      if (item.countable) spans.push(span(charactersOf(item), walk.marks))
      else walk.pass(item)
    }
    for (const edit of this.edits) spans = reviseSpans(spans, edit)
    const steps = new StepsBuilder()
    for (const { insert, attributes } of spans) steps.insert(insert, attributes)
    return steps.finish() as readonly TextSpan[]
  }

  override apply(delta: SequenceDelta, incoming: Incoming): void {
    this.look(delta.section.structs)
    super.apply(delta, incoming)
  }

  override join(whole: SequenceWhole, incoming: Incoming): void {
    this.look(whole.structs)
    super.join(whole, incoming)
  }

  private look(structs: readonly Struct[]): void {
    if (this.isWide) return
    this.isWide = structs.some(
      ({ what, content }) => what === CONTENT && SURROGATE.test(content as string),
    )
  }

  /** Whether a place is within a character of two units. */
  cuts(index: number): boolean {
    if (!this.isWide) return false
    const text = this.read()
    return (
      (text.charCodeAt(index - 1) & 0xfc00) === 0xd800 &&
      (text.charCodeAt(index) & 0xfc00) === 0xdc00
    )
  }

  /** One operation: these edits, which were checked, one after the other. */
  write(edits: readonly TextEdit[], bytes: number): void {
    this.begin()
    if (edits.every(({ verb }) => verb === 'delete')) this.context.nextOfRemoval()
    else this.context.next()
    const steps = this.context.watchers > 0 ? this.stepsOf(edits) : []
    let change = 0
    for (const edit of edits) {
      change += growth(edit)
      this.push(edit)
      if (edit.verb === 'insert') this.isWide ||= SURROGATE.test(edit.text)
    }
    if (this.isWide && this.reading !== undefined) this.revised = edits.reduce(revise, this.reading)
    this.finish(change, bytes, steps)
  }

  /** Typing is one edit: what follows the last insertion joins it. */
  private push(edit: TextEdit): void {
    const last = this.edits.at(-1)
    if (
      edit.verb === 'insert' &&
      edit.marks === undefined &&
      last?.verb === 'insert' &&
      last.index + last.text.length === edit.index
    ) {
      last.text += edit.text
    } else {
      this.edits.push(edit.verb === 'insert' ? { ...edit } : edit)
    }
  }

  private stepsOf(edits: readonly TextEdit[]): readonly SequenceStep[] {
    const steps = new StepsBuilder()
    let at = 0
    for (const edit of edits) {
      if (edit.verb === 'clear') continue
      steps.retain(edit.index - at)
      at = edit.index
      if (edit.verb === 'delete') {
        steps.delete(edit.count)
      } else if (edit.verb === 'format') {
        steps.retain(edit.count, edit.marks)
        at += edit.count
      } else {
        steps.insert(edit.text, edit.marks === undefined ? this.marksAt(at - 1) : set(edit.marks))
        at += edit.text.length
      }
    }
    return steps.finish()
  }

  /** The marks of one unit, as all edits will have left them. */
  private marksAt(unit: number): Marks | undefined {
    let at = unit
    let later: Marks = {}
    for (let i = this.edits.length - 1; i >= 0 && at >= 0; i--) {
      const edit = this.edits[i]
      if (edit === undefined || edit.verb === 'clear') break
      if (edit.verb === 'delete') {
        if (at >= edit.index) at += edit.count
      } else if (edit.verb === 'format') {
        if (at >= edit.index && at < edit.index + edit.count) later = { ...edit.marks, ...later }
      } else if (at >= edit.index + edit.text.length) {
        at -= edit.text.length
      } else if (at >= edit.index) {
        if (edit.marks !== undefined) return set({ ...edit.marks, ...later })
        at = edit.index - 1
      }
    }
    // What was read last is what the edits that wait start from.
    const root = this.applied?.root
    const before = at < 0 || root?._hasFormatting !== true ? {} : marksBefore(root, at + 1)
    return set({ ...before, ...later })
  }
}

/** Without what is taken away; nothing at all if nothing is left. */
function set(marks: Marks): Marks | undefined {
  const entries = Object.entries(marks).filter(([, value]) => value !== null)
  return entries.length === 0 ? undefined : Object.freeze(Object.fromEntries(entries))
}

function isEmpty(marks: Marks): boolean {
  return Object.keys(marks).length === 0
}

function span(insert: string, attributes: Marks | undefined): TextSpan {
  return attributes === undefined ? { insert } : { insert, attributes }
}

/** What an edit makes of a text in spans, as simply as can be. */
function reviseSpans(spans: readonly TextSpan[], edit: TextEdit): TextSpan[] {
  if (edit.verb === 'clear') return []
  const { index } = edit
  const before = cutSpans(spans, 0, index)
  if (edit.verb === 'insert') {
    const marks = edit.marks === undefined ? before.at(-1)?.attributes : set(edit.marks)
    return [...before, span(edit.text, marks), ...cutSpans(spans, index, Infinity)]
  }
  const end = index + edit.count
  const within = edit.verb === 'delete' ? [] : cutSpans(spans, index, end)
  const marked = within.map(({ insert, attributes }) =>
    span(insert, edit.verb === 'format' ? set({ ...attributes, ...edit.marks }) : undefined),
  )
  return [...before, ...marked, ...cutSpans(spans, end, Infinity)]
}

function cutSpans(spans: readonly TextSpan[], start: number, end: number): TextSpan[] {
  let at = 0
  return spans.flatMap(({ insert, attributes }) => {
    const part = insert.slice(Math.max(0, start - at), Math.max(0, end - at))
    at += insert.length
    return part === '' ? [] : [span(part, attributes)]
  })
}

function growth(edit: TextEdit): number {
  if (edit.verb === 'insert') return edit.text.length
  return edit.verb === 'delete' ? -edit.count : 0
}

function revise(text: string, edit: TextEdit): string {
  if (edit.verb === 'format') return text
  if (edit.verb === 'clear') return ''
  const end = edit.verb === 'delete' ? edit.index + edit.count : edit.index
  return text.slice(0, edit.index) + (edit.verb === 'insert' ? edit.text : '') + text.slice(end)
}

/** Deletes every unit, and the marks that would be left over. */
function clear(root: Text): void {
  root.delete(0, root.length)
  const { doc } = root
  doc?.transact((transaction) => {
    for (let item = root._start; item !== null; item = item.right) item.delete(transaction)
  })
}
