import { call, type TypeSpec } from '../type-spec.ts'
import { entriesText } from '../whole-text.ts'

interface Entry {
  readonly seq: number
  readonly total: number
  readonly baseSeq: number
  readonly baseTotal: number
}

export const counterSpec: TypeSpec = {
  name: 'counter',

  draw: (_shape, { draw }) => call(draw(3) === 0 ? 'subtract' : 'add', draw(5)),

  value: (_shape, path, view) =>
    view.standing(path).reduce((sum, { verb, args }) => {
      const amount = (args[0] as number | undefined) ?? 1
      return verb === 'add' ? sum + amount : sum - amount
    }, 0),

  wholeText: (_shape, whole, { nameOf }) =>
    entriesText(whole as ReadonlyMap<number, Entry>, nameOf, (entry) =>
      [entry.seq, entry.total, entry.baseSeq, entry.baseTotal].join(' '),
    ),
}
