/*
 * Measured code runs in processes of its own, as users run it: plain Node on built packages, each pinned to a core.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { selfContained } from '#test/fixtures/bundle.ts'

const folder = new URL('./programs/', import.meta.url)
const built = new URL('../../node_modules/.cache/joinery-bench/', import.meta.url)
const answerTimeoutMs = 60_000

const programs = [
  ...['peer', 'redis-client', 'gateway-client', 'bare-libp2p', 'bare-tls', 'replica', 'start-time'],
  ...['objects', 'object-figures', 'object-heap', 'leaves'],
  ...['strong-peer', 'strong-client', 'etcd-client'],
]

const packagesStayOutside: Plugin = {
  name: 'packages-stay-outside',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./#]/ }, ({ path }) => ({ path, external: true }))
  },
}

/**
 * Strips the types of the programs. What they import stays outside, our packages as they are built; or, from `source`,
 * all of it is taken in: nothing need be built then, and a process starts in a fraction of the time, which no user has.
 */
export async function buildPrograms(packages: 'built' | 'source'): Promise<void> {
  await build({
    entryPoints: programs.map((name) => fileURLToPath(new URL(`${name}.ts`, folder))),
    outdir: fileURLToPath(built),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    conditions: ['@joinery/source'],
    logLevel: 'warning',
    ...(packages === 'built' ? { plugins: [packagesStayOutside] } : selfContained),
  })
}

/** A running program: it takes commands and answers each, in order. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #name: string
  readonly #answers: unknown[] = []
  readonly #exited: Promise<void>
  #wake: (() => void) | undefined
  #failure: Error | undefined

  private constructor(
    name: string,
    core: number | undefined,
    options: object,
    flags: readonly string[],
  ) {
    this.#name = name
    const program = fileURLToPath(new URL(`${name}.mjs`, built))
    const command = [process.execPath, ...flags, program, JSON.stringify(options)]
    if (core !== undefined) command.unshift('taskset', '--cpu-list', String(core))
    const [file = '', ...args] = command
    const environment: NodeJS.ProcessEnv = { ...process.env, NODE_OPTIONS: '' }
    this.#child = spawn(file, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: environment,
    })
    this.#child.on('message', (answer) => {
      this.#answers.push(answer)
      this.#wake?.()
    })
    this.#exited = new Promise((resolve) => {
      const fail = (error: Error): void => {
        this.#failure ??= error
        this.#wake?.()
        resolve()
      }
      this.#child.on('error', fail)
      this.#child.on('exit', (code, signal) => {
        fail(new Error(`the program ${name} ended: ${signal ?? `code ${code}`}`))
      })
    })
  }

  /** Starts a program, and resolves with it and with what it says when it is ready. `flags` are those of Node. */
  static async start<Ready>(
    name: string,
    core: number | undefined,
    options: object = {},
    flags: readonly string[] = [],
  ): Promise<[Program, Ready]> {
    const program = new Program(name, core, options, flags)
    try {
      return [program, await program.answer<Ready>()]
    } catch (error) {
      await program[Symbol.asyncDispose]()
      throw error
    }
  }

  send(command: object): void {
    if (this.#failure === undefined) this.#child.send(command)
  }

  /** The next answer. */
  async answer<Answer>(): Promise<Answer> {
    const deadline = performance.now() + answerTimeoutMs
    while (this.#answers.length === 0) {
      if (this.#failure !== undefined) throw this.#failure
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) throw new Error(`no answer of the program ${this.#name}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    return this.#answers.shift() as Answer
  }

  async ask<Answer>(command: object): Promise<Answer> {
    this.send(command)
    return await this.answer<Answer>()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }
}
