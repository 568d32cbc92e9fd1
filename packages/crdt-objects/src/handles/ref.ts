import type { Answer, Extra, Face, HandleBase, HandleOn } from '../handles.ts'
import type { Schema } from '../schema.ts'

/** Refers to another object of the same space. It reads as the object's name, and as `undefined` while it is empty. */
export type RefHandle<P extends Face, S extends Schema> = HandleBase<P, string | undefined> & {
  /**
   * Refers to the object of this handle from now on.
   *
   * @throws JoineryError VALUE_INVALID for an entry or field of an object, and for objects of other spaces or schemas.
   */
  set(target: HandleOn<P, S>): Answer<P, void>
  /** Refers to nothing from now on. */
  clear(): Answer<P, void>
  /**
   * Opens what is referred to: `undefined` while that is nothing.
   *
   * @throws JoineryError OBJECT_SCHEMA_DIFFERS when the object of that name has another schema.
   */
  open(): Promise<HandleOn<P, S> | undefined>
} & Extra<P, string | undefined>
