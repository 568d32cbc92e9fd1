import { type LeafEngine } from '@joinery/crdt-objects/engine'

const retryFirstMs = 5000
const retryMaxMs = 300_000

/** What an engine loader tells. */
export interface EngineLoaderPorts {
  onLoaded(): void
  onFailed(engine: LeafEngine, error: unknown): void
}

/** Loads the engines that arriving data needs, each once at a time; what cannot be loaded is tried again, ever later. */
export class EngineLoader {
  readonly #ports: EngineLoaderPorts
  readonly #retryMs: number
  readonly #loading = new Set<LeafEngine>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #isStopped = false

  constructor(ports: EngineLoaderPorts, retryMs = retryFirstMs) {
    this.#ports = ports
    this.#retryMs = retryMs
  }

  load(engines: readonly LeafEngine[]): void {
    for (const engine of engines) {
      if (this.#loading.has(engine)) continue
      this.#loading.add(engine)
      void this.#attempt(engine, this.#retryMs)
    }
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  async #attempt(engine: LeafEngine, retryMs: number): Promise<void> {
    try {
      await engine.load()
    } catch (error) {
      if (this.#isStopped) return
      this.#ports.onFailed(engine, error)
      this.#retry(engine, retryMs)
      return
    }
    this.#loading.delete(engine)
    if (!this.#isStopped) this.#ports.onLoaded()
  }

  #retry(engine: LeafEngine, retryMs: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      void this.#attempt(engine, Math.min(2 * retryMs, retryMaxMs))
    }, retryMs)
    timer.unref()
    this.#timers.add(timer)
  }
}
