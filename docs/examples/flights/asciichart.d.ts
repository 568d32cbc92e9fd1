declare module 'asciichart' {
  const asciichart: {
    plot(
      series: readonly number[],
      options?: { height?: number; padding?: string; format?: (value: number) => string },
    ): string
  }
  export = asciichart
}
