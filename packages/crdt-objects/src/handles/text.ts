import type { SequenceStep } from '../change.ts'
import type { Answer, Extra, Face, HandleBase } from '../handles.ts'

/** A value for each mark; `null` takes a mark away. Values are JSON. */
export type TextMarks = Readonly<Record<string, unknown>>

/** A run of text with equal marks. */
export interface TextSpan {
  readonly insert: string
  readonly attributes?: Readonly<Record<string, unknown>>
}

/**
 * Text that many may edit at once. Places and lengths are in UTF-16 units, as in a string, and never within a character
 * of two units. Change events carry `delta`: the steps from the text before to the text after.
 */
export type TextHandle<P extends Face> = HandleBase<P, string> & {
  /**
   * Puts `text` before the unit at `index`. Without `marks` it takes on those of the unit before it; with `marks` it
   * has these, and no others.
   *
   * @throws JoineryError VALUE_INVALID for a place outside the text or within a character, and for lone surrogates;
   *   OBJECT_TOO_LARGE beyond 192 KiB in one call
   */
  insert(index: number, text: string, marks?: TextMarks): Answer<P, void>
  /** Puts `text` at the end. */
  append(text: string, marks?: TextMarks): Answer<P, void>
  delete(index: number, count?: number): Answer<P, void>
  /** Sets marks of `count` units from `index` on; `null` takes one away. Of concurrent settings of one mark one wins. */
  format(index: number, count: number, marks: TextMarks): Answer<P, void>
  /** Carries out the steps of an editor, as one: what a change event of another text says can be given as it is. */
  edit(steps: readonly SequenceStep[]): Answer<P, void>
  /** The length, in UTF-16 units. */
  count(): Answer<P, number>
  /** The text in runs of equal marks. */
  spans(): Answer<P, readonly TextSpan[]>
} & Extra<P, string, { readonly length: number }>
