import { isJoineryError } from '@joinery/crdt-objects'
import { parseObjectPath, type Reach, withClient } from './gateway-client.ts'
import { toJson } from './json.ts'
import { tellNamesakes } from './namesakes.ts'
import { printable } from './printable.ts'
import { render } from './render.ts'

/** Shows the value of an object now and after each change, until the user ends it. */
export async function watch(
  reach: Reach,
  path: string,
  options: { readonly json?: boolean },
): Promise<void> {
  const { space, object } = parseObjectPath(path)
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  await withClient(reach, async ({ inspect }) => {
    const found = await inspect.find(space, object)
    await tellNamesakes(inspect, space, object)
    const changes = found.changes({ signal: stop.signal })[Symbol.asyncIterator]()
    try {
      for (let changed: readonly (readonly string[])[] = []; ;) {
        const value = await found.read({ signal: stop.signal })
        console.log(options.json === true ? jsonLine(value, changed) : screen(value, path, changed))
        const step = await changes.next()
        if (step.done === true) return
        changed = step.value.detail.map((place) => place.path)
      }
    } catch (error) {
      if (stop.signal.aborted) return
      // What was busy or not reachable from the first is told as such: here a look has succeeded.
      if (isJoineryError(error, 'GATEWAY_BUSY') || isJoineryError(error, 'GATEWAY_UNREACHABLE'))
        throw new Error('the gateway is gone: watch again when it is back', { cause: error })
      throw error
    }
  })
}

function jsonLine(value: unknown, changed: readonly (readonly string[])[]): string {
  return JSON.stringify({ at: new Date().toISOString(), changed, value: toJson(value) })
}

function screen(value: unknown, path: string, changed: readonly (readonly string[])[]): string {
  const places = changed.map((place) => place.join('/')).filter((place) => place !== '')
  const shown = places.slice(0, 5).join(', ') + (places.length > 5 ? ', …' : '')
  const time = new Date().toLocaleTimeString('en-GB')
  const head = printable(`${time} ${path}${shown === '' ? '' : ` (${shown})`}`)
  return `\n${head}\n${render(value)}`
}
