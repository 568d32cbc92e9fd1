import Table from 'cli-table3'
import { printable } from './printable.ts'

/** Rows under their headings, without colours: what is printed may go to a file. A cell that is an array has lines. */
export function table(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = new Table({ head: head.map(printable), style: { head: [], border: [] } })
  for (const row of rows) cells.push(row.map(cellText))
  return cells.toString()
}

function cellText(cell: unknown): string {
  const lines: readonly unknown[] = Array.isArray(cell) ? cell : [cell]
  return lines.map((line) => printable(String(line))).join('\n')
}

/** The lines of `text` when none is to be wider than `width`: broken at spaces where there are any. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let rest = text
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width)
    const end = space > 0 ? space : width
    lines.push(rest.slice(0, end))
    rest = rest.slice(space > 0 ? end + 1 : end)
  }
  return [...lines, rest]
}
