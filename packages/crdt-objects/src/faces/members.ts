/** What a handle keeps for the code that works through it: by symbols, so that no field of a struct is hidden by it. */
export const KIND = Symbol('kind')
export const PLACE = Symbol('place')
