/*
 * libp2p 3 (its utils, ping, yamux, and the queues they use) calls `Promise.withResolvers`, which Node 20 lacks: it
 * is the only such call on Node's path. Every file that imports libp2p imports this one first: modules are evaluated
 * in the order in which they are imported, so it has run before any of libp2p does, whoever loads what.
 */
type Constructor = new <T>(
  executor: (
    resolve: (value: T | PromiseLike<T>) => void,
    reject: (reason: unknown) => void,
  ) => void,
) => Promise<T>

const constructor = Promise as unknown as { withResolvers?: unknown }

constructor.withResolvers ??= function withResolvers<T>(this: Constructor) {
  let resolve!: (value: T | PromiseLike<T>) => void
  let reject!: (reason: unknown) => void
  const promise = new this<T>((resolved, rejected) => {
    resolve = resolved
    reject = rejected
  })
  return { promise, resolve, reject }
}

export {}
