import Table from 'cli-table3'

/** Rows under their headings, without colours: what is printed may go to a file. */
export function table(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = new Table({ head: [...head], style: { head: [], border: [] } })
  for (const row of rows) cells.push(row.map(String))
  return cells.toString()
}
