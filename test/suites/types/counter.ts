import { call, type TypeSpec } from '../type-spec.ts'
import { entriesText } from '../whole-text.ts'

interface Entry {
  readonly seq: number
  readonly total: number
  readonly baseSeq: number
  readonly baseTotal: number
}

interface Whole {
  readonly entries: ReadonlyMap<number, Entry>
  readonly base: { readonly total: number | bigint | undefined; readonly removedIn: number }
}

function wholeText({ entries, base }: Whole, nameOf: (row: number) => string): string {
  const text = entriesText(entries, nameOf, ({ seq, total, baseSeq, baseTotal }) =>
    [seq, total, baseSeq, baseTotal].join(' '),
  )
  const folded = base.total === undefined ? '' : ` base ${base.total}`
  return `${text}${folded}${base.removedIn > 0 ? ` removed in ${base.removedIn}` : ''}`
}

export const counterSpec: TypeSpec = {
  name: 'counter',

  draw: (_shape, { draw }) => call(draw(3) === 0 ? 'subtract' : 'add', draw(5)),

  value: (_shape, path, view) =>
    view.standing(path).reduce((sum, { verb, args }) => {
      const amount = (args[0] as number | undefined) ?? 1
      return verb === 'add' ? sum + amount : sum - amount
    }, 0),

  wholeText: (_shape, whole, { nameOf }) => wholeText(whole as Whole, nameOf),
}
