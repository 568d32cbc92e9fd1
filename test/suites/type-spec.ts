// What the shared suites ask of each kind of object. One file in types/ answers for one kind; nothing shared branches
// on a kind's name.

/** The shape of a kind, as its descriptor says it: name and arguments. */
export type Shape = readonly [name: string, ...args: unknown[]]

/** The shape of a schema's kind. */
export function shapeOf(schema: { readonly kind: { readonly descriptor: string } }): Shape {
  return JSON.parse(schema.kind.descriptor) as Shape
}

/** Gives one small integer after another, less than its bound; which ones is the property's business. */
export type Draw = (bound: number) => number

/** One call of a writing verb at a place. */
export interface Operation {
  /** From the root of the object; in what {@link TypeSpec.draw} gives, from the place it was asked for. */
  readonly path: readonly string[]
  readonly verb: string
  readonly args: readonly unknown[]
}

/** An operation that was carried out, and was an update. */
export interface Recorded extends Operation {
  /** Ids rise in the order of creation, which is a causal one: nothing has seen a greater id than its own. */
  readonly id: number
  /** Number of the replica, 0, 1, …: {@link View.replicaText} tells its id. */
  readonly replica: number
  /** When it was carried out. Two operations of one replica never have the same time; of two replicas they may. */
  readonly timeMs: number
  /** Ids of the operations that its replica had seen. */
  readonly past: ReadonlySet<number>
  /** Whether its verb removes: then it is no write. */
  readonly removal: boolean
  /** Of a removal: ids of the writes of its past that it removes. */
  readonly removed: ReadonlySet<number>
  /** What {@link TypeSpec.note} noted when it was carried out. */
  readonly note: unknown
  /** Ids that its replica had seen when it left in a batch, one set for the whole batch; none while it is pending. */
  readonly left: ReadonlySet<number> | undefined
}

/** What one replica sees of a history: the operations that have reached it, and nothing else. */
export interface View {
  /** Everything that has reached the replica, in the order of ids. */
  readonly visible: readonly Recorded[]
  /** Visible writes (not removals) at exactly this place, also those that are removed. */
  written(path: readonly string[]): readonly Recorded[]
  /** Of these, the ones that no visible removal took, here or further up. */
  standing(path: readonly string[]): readonly Recorded[]
  isStanding(write: Recorded): boolean
  /** What a place of this shape must read. */
  valueOf(shape: Shape, path: readonly string[]): unknown
  /** Whether something is there, so that a map has an entry. */
  isThere(shape: Shape, path: readonly string[]): boolean
  /** The id of a replica. */
  replicaId(replica: number): bigint
  /** Positive if `a` came later, by time and then replica id: the order of stamps. */
  order(a: Recorded, b: Recorded): number
}

/** What the drawing of an operation may look at. */
export interface Drawing {
  readonly draw: Draw
  /** What the replica that is to write reads at the place; undefined also where a map has no such entry. */
  reading(): unknown
  /** An operation on a part: `step` leads to it, `reading` is what it reads. */
  part(step: string, shape: Shape, reading: () => unknown): Operation
}

/** Text for the parts of a decoded whole state. */
export interface WholeTexts {
  /** The replica that a row of the state stands for. */
  nameOf(row: number): string
  /** The text of a part. */
  part(shape: Shape, whole: unknown): string
}

/** Calls the assertions of a part: see {@link TypeSpec.check}. */
export type CheckPart = (step: string, shape: Shape) => void

/** One kind of object, as the shared suites see it. */
export interface TypeSpec {
  /** The kind's name; `fits` tells two kinds of one name apart by their arguments. */
  readonly name: string
  fits?(shape: Shape): boolean
  /** What the kind is called where its name stands for two, as in test/mutations. */
  readonly title?: string

  /** Draws an operation on a place of this kind. Any will do, also one that turns out to change nothing. */
  draw(shape: Shape, drawing: Drawing): Operation

  /**
   * The oracle: what a place must read, worked out from the operations and the definition of the kind. Naive, and
   * without anything the implementation is made of.
   */
  value(shape: Shape, path: readonly string[], view: View): unknown

  /** Whether something is there for readers of a map above; by default, whether a write stands. */
  isThere?(shape: Shape, path: readonly string[], view: View): boolean

  /** Verbs that remove: they are no writes, and what they remove is what {@link TypeSpec.removes} says. */
  removals?(shape: Shape): ReadonlySet<string>
  /** Whether a removal at a place of this kind removes a write at or below the place that it had seen. By default all. */
  removes?(removal: Operation, write: Recorded, shape: Shape): boolean

  /**
   * Whether a call is an update, given what its replica sees before it. By default a removal is one if it removes
   * something that stands, and anything else is one.
   */
  isUpdate?(operation: Operation, shape: Shape, view: View): boolean
  /** Data to keep on the record, worked out from what the replica sees before the operation. */
  note?(operation: Operation, shape: Shape, view: View): unknown

  /** Carries an operation out on a handle of this place; by default it calls the verb. */
  perform?(handle: object, operation: Operation): void

  /** Asserts that the other reads of a local handle agree with the definitions: `value` is compared elsewhere. */
  check?(handle: object, shape: Shape, path: readonly string[], view: View, part: CheckPart): void

  /** The shape of a part, for kinds that have parts. */
  part?(shape: Shape, step: string): Shape

  /** A decoded whole state as text: equal exactly for equal states, whatever their rows and their order. */
  wholeText(shape: Shape, whole: unknown, texts: WholeTexts): string
}

/** An operation on the place itself. */
export function call(verb: string, ...args: readonly unknown[]): Operation {
  return { path: [], verb, args }
}

/** The last of these, by time and then replica. */
export function lastOf(writes: readonly Recorded[], view: View): Recorded | undefined {
  return [...writes].sort((a, b) => view.order(a, b)).at(-1)
}

/** Those of the writes of one place that none of the others had seen. */
export function openOf(writes: readonly Recorded[]): Recorded[] {
  return writes.filter(({ id }) => !writes.some(({ past }) => past.has(id)))
}
