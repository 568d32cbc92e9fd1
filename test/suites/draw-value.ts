import type { Draw } from './type-spec.ts'

/** Keys that maps are drawn with: few, so that writes meet. */
export const keys = ['a', 'b', 'c']

/** Elements of sets; among them equal ones of two spellings, and ones that JSON would mix up. */
export const elements: readonly unknown[] = [
  'a',
  '1',
  1,
  true,
  null,
  { x: 1, y: [2] },
  { y: [2], x: 1 },
  '\u0000o',
]

/** A plain value. */
export function drawValue(draw: Draw): unknown {
  return [draw(9), 'text', [draw(3)], { n: draw(3) }][draw(4)]
}

/** One of these. */
export function drawOne<T>(items: readonly T[], draw: Draw): T {
  return items[draw(items.length)]!
}
