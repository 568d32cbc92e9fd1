import assert from 'node:assert/strict'
import { call, type Drawing, type Operation, type TypeSpec } from '../type-spec.ts'
import { anyUnit, effectsOf, sequenceAt, wholeUnits, type Request } from '../yata.ts'

const texts = ['a', 'bc', 'def', '😀', 'é\n', 'x😀y']

/** A place in a text: never within a character of two units. */
function drawPlace(text: string, draw: Drawing['draw']): number {
  const place = draw(text.length + 1)
  const code = text.charCodeAt(place)
  return code >= 0xdc00 && code < 0xe000 ? place - 1 : place
}

function drawRange(text: string, draw: Drawing['draw']): [number, number] {
  const places = [drawPlace(text, draw), drawPlace(text, draw)].sort((a, b) => a - b)
  return [places[0]!, places[1]! - places[0]!]
}

function units(text: string): string[] {
  return text.split('')
}

function requestsOf({ verb, args }: Operation, length: number): Request[] {
  if (verb === 'append') return [{ at: length, insert: units(args[0] as string) }]
  if (verb === 'insert') return [{ at: args[0] as number, insert: units(args[1] as string) }]
  if (verb === 'delete') return [{ at: args[0] as number, delete: args[1] as number }]
  let at = 0
  return (args[0] as readonly Record<string, unknown>[]).flatMap((step): Request[] => {
    if (typeof step['insert'] === 'string') {
      const request = { at, insert: units(step['insert']) }
      at += step['insert'].length
      return [request]
    }
    if (typeof step['delete'] === 'number') return [{ at, delete: step['delete'] }]
    at += step['retain'] as number
    return []
  })
}

/** Without marks, which take a place among the units and none in the text: those are tested by themselves. */
export const textSpec: TypeSpec = {
  name: 'text',
  draw(_shape, { draw, reading }) {
    const text = (reading() as string | undefined) ?? ''
    const piece = texts[draw(texts.length)]!
    const which = draw(8)
    if (which === 0) return call('append', piece)
    if (which < 4 || text === '') return call('insert', drawPlace(text, draw), piece)
    const [index, count] = drawRange(text, draw)
    if (which < 7) return call('delete', index, count)
    return call('edit', [
      { retain: index },
      { insert: piece },
      { delete: count },
      { insert: texts[draw(texts.length)]! },
    ])
  },
  value: (_shape, path, view) => sequenceAt(path, view).join(''),
  isThere: (_shape, path, view) => anyUnit(path, view),
  isUpdate: ({ verb, args }) => verb !== 'delete' || args[1] !== 0,
  note(operation, _shape, view) {
    const { length } = sequenceAt(operation.path, view)
    return effectsOf(operation, requestsOf(operation, length), view)
  },
  check(handle, _shape, path, view) {
    const { length, spans } = handle as { length: number; spans(): readonly { insert: string }[] }
    const text = sequenceAt(path, view).join('')
    assert.equal(length, text.length)
    assert.deepEqual(spans.call(handle), text === '' ? [] : [{ insert: text }])
  },
  wholeText: (_shape, whole, { nameOf }) =>
    wholeUnits(whole, nameOf, (content, index) =>
      typeof content === 'string' ? content.slice(index, index + 1) : JSON.stringify(content),
    ),
}
