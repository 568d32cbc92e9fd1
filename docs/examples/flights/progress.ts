import { SingleBar } from 'cli-progress'

/** Shows how far the job is: a bar in a terminal, a line per quarter anywhere else. */
export interface ProgressView {
  show(rows: number): void
  end(): void
}

/** Starts the view that fits the output. */
export function showProgress(rowsMax: number): ProgressView {
  return process.stdout.isTTY ? barOf(rowsMax) : linesOf(rowsMax)
}

function barOf(rowsMax: number): ProgressView {
  const format =
    '  {bar} {percentage}%  {value}/{total} flights in the shared table  {duration_formatted}'
  const bar = new SingleBar({ format, hideCursor: true })
  bar.start(rowsMax, 0)
  return {
    show: (rows) => bar.update(rows),
    end: () => bar.stop(),
  }
}

function linesOf(rowsMax: number): ProgressView {
  let quarter = 0
  return {
    show: (rows) => {
      const reached = Math.floor((rows * 4) / rowsMax)
      if (reached <= quarter) return
      quarter = reached
      console.log(`  ${quarter * 25}%  ${rows}/${rowsMax} flights in the shared table`)
    },
    end: () => {},
  }
}
