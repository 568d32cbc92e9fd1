// What an editor keeps beside a text or list: it knows nothing but the steps that it is told.
import type { SequenceStep, TextHandle, TextSpan } from '#crdt-objects/index.ts'

interface Unit {
  readonly unit: unknown
  readonly marks: Readonly<Record<string, unknown>>
}

function unitsAfter(units: readonly Unit[], steps: readonly SequenceStep[]): Unit[] {
  const after: Unit[] = []
  let at = 0
  for (const step of steps) {
    if ('insert' in step) {
      const content = typeof step.insert === 'string' ? step.insert.split('') : step.insert
      for (const unit of content) after.push({ unit, marks: step.attributes ?? {} })
    } else if ('delete' in step) {
      at += step.delete
    } else {
      for (const { unit, marks } of units.slice(at, at + step.retain)) {
        const set = Object.entries({ ...marks, ...step.attributes })
        after.push({ unit, marks: Object.fromEntries(set.filter(([, value]) => value !== null)) })
      }
      at += step.retain
    }
  }
  return [...after, ...units.slice(at)]
}

/** A text after some steps. */
export function applySteps(text: string, steps: readonly SequenceStep[]): string {
  const units = text.split('').map((unit) => ({ unit, marks: {} }))
  return unitsAfter(units, steps)
    .map(({ unit }) => unit as string)
    .join('')
}

/** A list after some steps. */
export function applyListSteps(
  items: readonly unknown[],
  steps: readonly SequenceStep[],
): readonly unknown[] {
  const units = items.map((unit) => ({ unit, marks: {} }))
  return unitsAfter(units, steps).map(({ unit }) => unit)
}

/** A text in spans of one unit each, so that there is one way to write it, after some steps. */
export function mirrorSpans(
  spans: readonly TextSpan[],
  steps: readonly SequenceStep[],
): TextSpan[] {
  const units = spans.map(({ insert, attributes = {} }) => ({ unit: insert, marks: attributes }))
  return unitsAfter(units, steps).map(({ unit, marks }) => {
    const isPlain = Object.keys(marks).length === 0
    return isPlain ? { insert: unit as string } : { insert: unit as string, attributes: marks }
  })
}

/** A text in spans of one unit each. */
export function spansOf(handle: Pick<TextHandle<'local'>, 'spans'>): TextSpan[] {
  return handle
    .spans()
    .flatMap(({ insert, ...rest }) => insert.split('').map((unit) => ({ insert: unit, ...rest })))
}
