import { connect } from '@joinery/client'
import { runLoad } from './load.ts'
import { answer, readOptions, serve } from './parent.ts'
import { strongCalls, type StrongLoad } from './strong-load.ts'

const { url } = readOptions<{ url: string }>()
const calls = await strongCalls(await connect(url))
serve<StrongLoad>(async ({ verb, ...load }) => await runLoad(load, calls[verb]))
answer({})
