import { type Point } from './fit.ts'

/** One line of a plot. */
export interface Series {
  readonly name: string
  readonly color: string
  readonly points: readonly Point[]
  /** Worked out, and not measured. */
  readonly isModel?: boolean
}

export interface Panel {
  readonly title: string
  readonly series: readonly Series[]
}

const width = 380
const height = 280
const margin = { left: 58, right: 16, top: 34, bottom: 62 }

/** Panels side by side, both axes logarithmic, as an SVG document. What is not above 0 has no place on them. */
export function plotSvg(panels: readonly Panel[], xTitle: string): string {
  const total = panels.length * width
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${total}" height="${height}" viewBox="0 0 ${total} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${total}" height="${height}" fill="white"/>`,
    ...panels.map(
      (panel, i) => `<g transform="translate(${i * width} 0)">${drawPanel(panel, xTitle)}</g>`,
    ),
    '</svg>',
    '',
  ].join('\n')
}

function drawPanel({ title, series: all }: Panel, xTitle: string): string {
  const series = all.map((one) => ({
    ...one,
    points: one.points.filter((point) => point[0] > 0 && point[1] > 0),
  }))
  const points = series.flatMap((one) => one.points)
  const x = axis(
    points.map((point) => point[0]),
    [margin.left, width - margin.right],
  )
  const y = axis(
    points.map((point) => point[1]),
    [height - margin.bottom, margin.top],
  )
  const bottom = height - margin.bottom
  const parts = [
    `<text x="${width / 2}" y="18" text-anchor="middle" font-size="13">${title}</text>`,
    `<text x="${width / 2}" y="${bottom + 30}" text-anchor="middle">${xTitle}</text>`,
  ]
  for (const tick of x.ticks) {
    const at = x.place(tick).toFixed(1)
    parts.push(`<line x1="${at}" y1="${margin.top}" x2="${at}" y2="${bottom}" stroke="#ddd"/>`)
    parts.push(`<text x="${at}" y="${bottom + 14}" text-anchor="middle">${shortText(tick)}</text>`)
  }
  for (const tick of y.ticks) {
    const at = y.place(tick).toFixed(1)
    parts.push(
      `<line x1="${margin.left}" y1="${at}" x2="${width - margin.right}" y2="${at}" stroke="#ddd"/>`,
    )
    parts.push(
      `<text x="${margin.left - 6}" y="${at}" dy="4" text-anchor="end">${shortText(tick)}</text>`,
    )
  }
  for (const [i, one] of series.entries()) {
    const line = one.points
      .map((point) => `${x.place(point[0]).toFixed(1)},${y.place(point[1]).toFixed(1)}`)
      .join(' ')
    const dash = one.isModel === true ? ' stroke-dasharray="4 4"' : ''
    parts.push(
      `<polyline points="${line}" fill="none" stroke="${one.color}" stroke-width="2"${dash}/>`,
    )
    const left = margin.left + i * ((width - margin.left) / series.length)
    parts.push(`<text x="${left}" y="${height - 10}" fill="${one.color}">${one.name}</text>`)
  }
  return parts.join('\n')
}

/** From the power of ten at or below the least to the one at or above the greatest. */
function axis(
  values: readonly number[],
  [start, end]: readonly [number, number],
): { readonly ticks: readonly number[]; place(value: number): number } {
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i))
  return {
    ticks,
    place: (value) => start + ((Math.log10(value) - low) / (high - low)) * (end - start),
  }
}

function shortText(value: number): string {
  if (value >= 1e6) return `${value / 1e6} M`
  return value >= 1000 ? `${value / 1000} k` : `${value}`
}
