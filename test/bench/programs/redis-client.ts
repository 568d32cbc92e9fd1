import { Redis } from 'ioredis'
import { type Load, runLoad } from './load.ts'
import { answer, readOptions, serve } from './parent.ts'

const { port } = readOptions<{ port: number }>()
const redis = new Redis({ port, host: '127.0.0.1' })
const value = 'x'.repeat(64)

serve<Load>(async (load) => {
  const calls = {
    add: () => redis.incr('total'),
    set: (number: number) => redis.set(`key-${number % 1000}`, value),
    get: (number: number) => redis.get(`key-${number % 1000}`),
  }
  return await runLoad(load, calls[load.verb])
})
await redis.ping()
answer({})
