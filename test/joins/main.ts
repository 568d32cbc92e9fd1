// Bursts of joins, up to a hundred peers in one process: `npm run long -- joins`.
import { joinBurst, lineOf } from './burst.ts'

const sizes = process.argv.slice(2).map(Number)
for (const count of sizes.length > 0 ? sizes : [10, 25, 50, 100]) {
  const figures = await joinBurst(count, 900_000)
  console.log(lineOf(figures))
  const isWhole = Number.isFinite(figures.meshMs)
  if (!isWhole || figures.dialsFailed > 0 || figures.reports.length > 0) {
    console.log(figures.reports.slice(0, 5))
    process.exitCode = 1
  }
}
