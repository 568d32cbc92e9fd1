process.on('disconnect', () => {
  process.exit()
})

/** The options that the benchmark gave this program. */
export function readOptions<Options>(): Options {
  return JSON.parse(process.argv[2] ?? '{}') as Options
}

/** Tells the benchmark something. */
export function answer(message: object): void {
  process.send?.(message)
}

/** Serves the benchmark's commands, one after the other. */
export function serve<Command>(handle: (command: Command) => Promise<object>): void {
  let last: Promise<unknown> = Promise.resolve()
  process.on('message', (command) => {
    last = last.then(async () => {
      answer(await handle(command as Command))
    })
  })
}

/** Nanoseconds on a clock that all processes of the machine share. */
export function nowNs(): number {
  return Number(process.hrtime.bigint())
}
