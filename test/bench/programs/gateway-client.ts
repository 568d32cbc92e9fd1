import { connect } from '@joinery/client'
import { counter, map } from '@joinery/crdt-objects'
import { type Load, runLoad } from './load.ts'
import { answer, readOptions, serve } from './parent.ts'

const { url } = readOptions<{ url: string }>()
const client = await connect(url)
const space = await client.space('bench')
const total = await space.open('calls', counter())
const table = await space.open('texts', map<string>())
const value = 'x'.repeat(64)

serve<Load>(async (load) => {
  const calls = {
    add: () => total.add(1),
    set: (number: number) => table.set(`key-${number % 1000}`, value),
    get: (number: number) => table.get(`key-${number % 1000}`),
  }
  return await runLoad(load, calls[load.verb])
})
answer({})
