import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { freePort } from './free-port.ts'

/** A Redis server of our own, on a free port of loopback, that keeps nothing on disk. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number
}

/** Starts a server, and waits until it answers. */
export async function startRedis(file: string, core: number | undefined): Promise<RedisServer> {
  const port = await freePort()
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const command = [file, ...options, '--loglevel', 'warning', '--dir', tmpdir()]
  if (core !== undefined) command.unshift('taskset', '--cpu-list', `${core}`)
  const [program = '', ...args] = command
  const child = spawn(program, args, { stdio: 'ignore' })
  const exited = once(child, 'exit')
  const client = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: null })
  client.on('error', () => undefined)
  try {
    for (let left = 100; ; left--) {
      const answers = await client.connect().then(
        () => true,
        () => false,
      )
      if (answers) break
      if (left === 0 || child.exitCode !== null) throw new Error('redis-server does not answer')
      await sleep(50)
    }
  } finally {
    client.disconnect()
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill()
      await exited
    },
  }
}
