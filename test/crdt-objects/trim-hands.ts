import type { TextHandle } from '#crdt-objects/index.ts'
import type { Hands } from '#test/suites/trimming.ts'

const marks = [{ bold: true }, { bold: null }, { size: 1 }, { size: 2, bold: true }]

/** Short texts in which much is deleted, with marks. */
export const textHands: Hands = {
  draw(handle, draw) {
    const { length } = handle as TextHandle<'local'>
    const at = draw(Math.min(length, 4) + 1)
    const count = Math.min(length - at, 1 + draw(3))
    const what = draw(8)
    const word = 'abcdefgh'.slice(draw(8), 9).slice(0, 1 + draw(3))
    const mark = marks[draw(marks.length)]!
    return (each) => {
      const note = each as TextHandle<'local'>
      if (what < 3) note.insert(at, word)
      else if (what === 3) note.insert(at, word, mark)
      else if (count === 0) note.insert(at, '.')
      else if (what === 4) note.format(at, count, mark)
      else note.delete(at, count)
    }
  },
  read: (handle) => (handle as TextHandle<'local'>).spans(),
}

interface ListOf extends Iterable<unknown> {
  readonly length: number
  insert(index: number, ...items: readonly unknown[]): void
  delete(index: number, count: number): void
}

export const listHands: Hands = {
  draw(handle, draw) {
    const { length } = handle as ListOf
    const at = draw(Math.min(length, 4) + 1)
    const count = Math.min(length - at, 1 + draw(3))
    const items = Array.from({ length: 1 + draw(3) }, () => draw(100))
    const inserts = count === 0 || draw(2) === 0
    return (each) => {
      if (inserts) (each as ListOf).insert(at, ...items)
      else (each as ListOf).delete(at, count)
    }
  },
  read: (handle) => [...(handle as ListOf)],
}
