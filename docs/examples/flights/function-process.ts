import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command, Reply, ReplyTo } from './messages.ts'

const answerMsMax = 150_000
const stopMsMax = 5_000
const outputCharsMax = 4_000

interface Waiter {
  readonly kind: Reply['kind']
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: Error) => void
}

/** Another process of the job. Whatever way it ends, nobody waits for it for ever, and its last words are told. */
export class FunctionProcess {
  readonly name: string
  readonly #child: ChildProcess
  readonly #waiters = new Set<Waiter>()
  readonly #exit: Promise<unknown>
  #output = ''
  #ended: string | undefined

  /** Starts `program`, a file beside this one, run in the way that this process is: built or not, with its flags. */
  constructor(name: string, program: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.name = name
    const file = fileURLToPath(new URL(`${program}${extname(import.meta.url)}`, import.meta.url))
    this.#child = fork(file, args, {
      env,
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-outputCharsMax)
      })
    }
    this.#child.on('message', (reply: Reply) => this.#received(reply))
    this.#child.on('error', (error) => this.#lost(`could not be run: ${error.message}`))
    // 'close' comes after the last of the output, 'exit' may come before it.
    this.#exit = once(this.#child, 'close').then(([code, signal]) => {
      this.#lost(signal === null ? `ended with code ${code}` : `was killed by ${signal}`)
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Sends a command and waits for the answer of this kind. */
  async ask<K extends Reply['kind']>(command: Command, kind: K): Promise<ReplyTo<K>> {
    const answer = this.reply(kind)
    // What is wrong with the channel shows as the end of the process.
    if (this.#child.connected) this.#child.send(command, () => {})
    return await answer
  }

  /** Waits for the next answer of this kind. */
  async reply<K extends Reply['kind']>(kind: K): Promise<ReplyTo<K>> {
    if (this.#ended !== undefined) throw this.#failure(this.#ended)
    let waiter: Waiter | undefined
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise<ReplyTo<K>>((resolve, reject) => {
        waiter = { kind, resolve: resolve as (reply: Reply) => void, reject }
        this.#waiters.add(waiter)
        timer = setTimeout(() => {
          reject(this.#failure(`did not answer '${kind}' within ${answerMsMax} ms`))
        }, answerMsMax)
      })
    } finally {
      clearTimeout(timer)
      if (waiter !== undefined) this.#waiters.delete(waiter)
    }
  }

  /** Waits for the process to end by itself, which must be with exit code 0. */
  async end(): Promise<void> {
    await this.#exit
    if (this.#child.exitCode !== 0) throw this.#failure(this.#ended ?? 'ended')
  }

  /** Kills the process at once: it can neither hand over nor say farewell. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exit
  }

  /** Ends the process: with the command that a container knows, and by force if that takes too long. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopMsMax)
    if (this.#child.connected) this.#child.send({ kind: 'stop' }, () => {})
    await this.#exit
    clearTimeout(timer)
  }

  #received(reply: Reply): void {
    for (const waiter of this.#waiters) {
      if (waiter.kind !== reply.kind) continue
      this.#waiters.delete(waiter)
      waiter.resolve(reply)
      return
    }
  }

  #lost(reason: string): void {
    this.#ended ??= reason
    for (const waiter of this.#waiters) waiter.reject(this.#failure(reason))
  }

  #failure(reason: string): Error {
    const output = this.#output.trim()
    return new Error(`${this.name} ${reason}${output === '' ? '' : `; it said:\n${output}`}`)
  }
}
