/** A library that some kinds keep their state in. It is loaded when an object of such a kind is opened, not before. */
export interface LeafEngine {
  readonly name: string
  /** Whether its kinds can be used now. */
  readonly loaded: boolean
  /** Loads it, once for all who ask. */
  load(): Promise<void>
}

/** Loads what objects of these kinds need. */
export async function loadEngines(
  ...kinds: readonly { engines: readonly LeafEngine[] }[]
): Promise<void> {
  const engines = new Set(kinds.flatMap((kind) => kind.engines))
  await Promise.all([...engines].filter(({ loaded }) => !loaded).map((engine) => engine.load()))
}
