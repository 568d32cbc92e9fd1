import assert from 'node:assert/strict'
import type { Dot } from '#crdt-objects/state/dots.ts'
import { canonicalText } from '../canonical-text.ts'
import { DocumentModel } from '../document-model.ts'
import { call, type Draw, type Operation, type TypeSpec } from '../type-spec.ts'
import { cellText } from '../whole-text.ts'

interface Whole {
  readonly presence: Dot | undefined
  readonly changes: readonly { readonly content: { readonly hash: string } }[]
}

interface Face {
  change(work: (draft: Draft) => void): void
  conflicts(path: readonly string[]): unknown[]
  history(): readonly { readonly id: string; readonly by: string }[]
  readAt(id: string): unknown
}

interface Draft extends Record<string, unknown> {
  readonly box: Record<string, unknown>
  readonly items: unknown[]
}

const keys = ['a', 'b', 'title']

function drawValue(draw: Draw): unknown {
  return [draw(3), 'text', true, null, { n: draw(3) }][draw(5)]
}

export const documentSpec: TypeSpec = {
  name: 'document',

  draw(_shape, { draw }) {
    const key = keys[draw(keys.length)]
    const which = draw(8)
    if (which < 3) return call('set', key, drawValue(draw))
    if (which === 3) return call('delete', key)
    if (which === 4) return call('put', key, draw(3))
    if (which === 5) return call('take', key)
    return call('push', ...Array.from({ length: draw(3) }, () => draw(9)))
  },

  perform(handle, { verb, args }: Operation) {
    const [key, value] = args as [string, unknown]
    const face = handle as Face
    face.change((draft) => {
      if (verb === 'set') draft[key] = value
      else if (verb === 'delete') delete draft[key]
      else if (verb === 'put') draft.box[key] = value
      else if (verb === 'take') delete draft.box[key]
      else draft.items.push(...args)
    })
  },

  value: (_shape, path, view) => new DocumentModel(path, view).value(),

  isUpdate: (operation, _shape, view) => {
    return new DocumentModel(operation.path, view).changesAnything(operation)
  },

  check(handle, _shape, path, view) {
    const model = new DocumentModel(path, view)
    const face = handle as Face
    for (const key of keys) {
      assert.equal(canonicalText(face.conflicts([key])), canonicalText(model.conflicts(key)))
    }
    const history = face.history()
    const expected = model.history()
    assert.deepEqual(
      history.map(({ by }) => by),
      expected.map(({ by }) => by),
    )
    const last = history.at(-1)
    if (last !== undefined) {
      assert.equal(canonicalText(face.readAt(last.id)), canonicalText(expected.at(-1)!.value()))
    }
  },

  wholeText(_shape, whole, texts) {
    const { presence, changes } = whole as Whole
    const hashes = changes.map(({ content }) => content.hash).sort()
    return `${cellText(presence, texts)} ${hashes.join(' ')}`
  },
}
