type Leaf = string | number | boolean | bigint | null | undefined | Date | Uint8Array | Float64Array

/**
 * `T` itself where values of it can be shared, `never` where a function or symbol is anywhere in it. It goes member by
 * member, because an interface never fits an index signature, and interfaces are what people write.
 */
export type Shareable<T> = unknown extends T
  ? T
  : T extends Leaf
    ? T
    : T extends symbol | ((...args: never) => unknown)
      ? never
      : T extends ReadonlyMap<infer K, infer V>
        ? [Shareable<K>, Shareable<V>] extends [K, V]
          ? T
          : never
        : T extends ReadonlySet<infer V>
          ? [Shareable<V>] extends [V]
            ? T
            : never
          : T extends object
            ? T extends { [M in keyof T]: Shareable<T[M]> }
              ? T
              : never
            : never
