import type { SequenceStep } from '../change.ts'
import { VALUE_BYTES_MAX } from '../codec/snapshot.ts'
import { encodeUtf8 } from '../codec/utf8.ts'
import { checkText, valueBytes } from '../codec/value.ts'
import { invalidValue } from '../errors.ts'
import { LocalHandle } from '../faces/local.ts'
import { remoteClass } from '../faces/remote.ts'
import type { TextHandle, TextSpan } from '../handles/text.ts'
import type { Kind } from '../kind.ts'
import { decodeWhole } from '../leaves/yjs/decode-whole.ts'
import { yjsEngine } from '../leaves/yjs/engine.ts'
import { ownMarks } from '../leaves/yjs/marks.ts'
import { EDIT_BYTES, decodeSequenceDelta } from '../leaves/yjs/sequence-node.ts'
import type { Marks } from '../leaves/yjs/steps.ts'
import type { TextEdit } from '../leaves/yjs/text-node.ts'
import { TEXT_CODEC, TextNode } from '../leaves/yjs/text-node.ts'
import { EMPTY_WHOLE } from '../leaves/yjs/whole.ts'
import { checkNoArguments } from '../options.ts'
import type { Schema } from '../schema.ts'
import { defineKind, schemaOf } from './define.ts'
import { checkEditBytes, checkIndex, checkRange } from './sequence-arguments.ts'

/** The bytes of a text, checked. */
function textBytes(text: unknown): number {
  if (typeof text !== 'string') throw invalidValue('a text takes strings', text)
  checkText(text)
  // What cannot be too large need not be measured.
  return text.length <= VALUE_BYTES_MAX / 3 ? text.length : encodeUtf8(text).length
}

interface Given {
  readonly marks: Marks
  readonly bytes: number
}

const NO_MARKS: Given = { marks: Object.freeze({}), bytes: 0 }

function givenMarks(marks: unknown): Given {
  if (marks === undefined) return NO_MARKS
  const own = ownMarks(marks)
  return { marks: own, bytes: valueBytes(own).length }
}

/** The edits that steps come to, checked against the text as it is. */
class StepReader {
  readonly edits: TextEdit[] = []
  bytes = 0
  private readonly node: TextNode | undefined
  private readonly length: number
  /** Units of the text as it was that are passed, and where that is in the text as it becomes. */
  private passed = 0
  private at = 0

  constructor(node: TextNode | undefined) {
    this.node = node
    this.length = node?.length ?? 0
  }

  read(step: SequenceStep): void {
    if (typeof step !== 'object' || (step as unknown) === null) {
      throw invalidValue('a step is an object', step)
    }
    if ('insert' in step) this.insert(step.insert, step.attributes)
    else if ('delete' in step) this.delete(step.delete)
    else if (!('retain' in step)) throw invalidValue('a step has insert, delete or retain', step)
    else this.retain(step.retain, step.attributes)
  }

  private insert(text: unknown, attributes: unknown): void {
    this.bytes += textBytes(text) + EDIT_BYTES
    const { marks, bytes } = givenMarks(attributes)
    this.bytes += bytes
    if (text === '') return
    this.edits.push({ verb: 'insert', index: this.at, text: text as string, marks })
    this.at += (text as string).length
  }

  private pass(count: number): void {
    if (!Number.isInteger(count) || count < 0) {
      throw invalidValue('a step retains or deletes an integer of units, from 0 on', count)
    }
    checkRange(this.passed, count, this.length)
    this.passed += count
    checkCut(this.node, this.passed)
  }

  private delete(count: number): void {
    this.pass(count)
    this.bytes += EDIT_BYTES
    if (count > 0) this.edits.push({ verb: 'delete', index: this.at, count })
  }

  private retain(count: number, attributes: unknown): void {
    this.pass(count)
    const { marks, bytes } = givenMarks(attributes)
    if (count > 0 && marks !== NO_MARKS.marks) {
      this.edits.push({ verb: 'format', index: this.at, count, marks })
      this.bytes += bytes + EDIT_BYTES
    }
    this.at += count
  }
}

function checkCut(node: TextNode | undefined, index: number): void {
  if (node?.cuts(index) !== true) return
  throw invalidValue(
    'a place in a text is between characters, and this is within one of two units',
    index,
  )
}

class LocalText extends LocalHandle<TextNode, string> {
  insert(index: number, text: string, marks?: unknown): void {
    const bytes = textBytes(text)
    const given = marks === undefined ? undefined : givenMarks(marks)
    const total = bytes + (given?.bytes ?? 0)
    checkEditBytes(total)
    const node = this.find()
    checkIndex(index, node?.length ?? 0)
    checkCut(node, index)
    if (text === '') return
    this.make().write([{ verb: 'insert', index, text, marks: given?.marks }], total + EDIT_BYTES)
  }

  append(text: string, marks?: unknown): void {
    this.insert(this.find()?.length ?? 0, text, marks)
  }

  delete(index: number, count = 1): void {
    const node = this.find()
    checkRange(index, count, node?.length ?? 0)
    checkCut(node, index)
    checkCut(node, index + count)
    if (count > 0) this.make().write([{ verb: 'delete', index, count }], EDIT_BYTES)
  }

  format(index: number, count: number, marks: unknown): void {
    if (marks === undefined) throw invalidValue('format takes marks')
    const given = givenMarks(marks)
    checkEditBytes(given.bytes)
    const node = this.find()
    checkRange(index, count, node?.length ?? 0)
    checkCut(node, index)
    checkCut(node, index + count)
    if (count === 0 || Object.keys(given.marks).length === 0) return
    this.make().write(
      [{ verb: 'format', index, count, marks: given.marks }],
      given.bytes + EDIT_BYTES,
    )
  }

  edit(steps: readonly SequenceStep[]): void {
    if (!Array.isArray(steps)) throw invalidValue('an edit is an array of steps', steps)
    const reader = new StepReader(this.find())
    for (const step of steps as readonly SequenceStep[]) reader.read(step)
    checkEditBytes(reader.bytes)
    if (reader.edits.length > 0) this.make().write(reader.edits, reader.bytes)
  }

  count(): number {
    return this.find()?.length ?? 0
  }

  get length(): number {
    return this.count()
  }

  spans(): readonly TextSpan[] {
    return this.find()?.spans() ?? []
  }
}

const TEXT: Kind = defineKind<TextNode>({
  name: 'text',
  args: [],
  verbs: {
    insert: 'write',
    append: 'write',
    delete: 'write',
    format: 'write',
    edit: 'write',
    count: 'read',
    spans: 'read',
  },
  engines: [yjsEngine],
  zero: () => '',
  read: (node) => node.read(),
  reading: (node) => node?.spans() ?? [],
  emptyWhole: () => EMPTY_WHOLE,
  createNode: (context, parent, key) => new TextNode(context, parent, key),
  decodeDelta: (batch) => decodeSequenceDelta(batch, TEXT_CODEC),
  decodeWhole: (batch) => decodeWhole(batch, TEXT_CODEC),
  local: (place) => new LocalText(TEXT, place),
  remote: (place) => new RemoteText(TEXT, place),
})
const RemoteText = remoteClass(TEXT.verbs)

/** The schema of a text. */
export type TextSchema = Schema<{
  readonly value: string
  readonly local: TextHandle<'local'>
  readonly remote: TextHandle<'remote'>
  readonly strong: TextHandle<'strong'>
}>

/** A text that many may edit at once, with marks. Yjs is its engine, loaded when one is opened. */
export function text(): TextSchema
export function text(...args: readonly unknown[]): Schema {
  checkNoArguments('a text', args)
  return schemaOf(TEXT)
}
