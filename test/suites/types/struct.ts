import { drawOne } from '../draw-value.ts'
import type { Shape, TypeSpec } from '../type-spec.ts'
import { entriesText } from '../whole-text.ts'

type Field = readonly [name: string, shape: Shape]

function fieldsOf(shape: Shape): readonly Field[] {
  return shape.slice(1) as unknown as readonly Field[]
}

function fieldOf(shape: Shape, name: string): Shape {
  return fieldsOf(shape).find(([each]) => each === name)![1]
}

export const structSpec: TypeSpec = {
  name: 'struct',

  draw(shape, { draw, part, reading }) {
    const [name, field] = drawOne(fieldsOf(shape), draw)
    return part(
      name,
      field,
      () => (reading() as Readonly<Record<string, unknown>> | undefined)?.[name],
    )
  },

  value: (shape, path, view) =>
    Object.fromEntries(
      fieldsOf(shape).map(([name, field]) => [name, view.valueOf(field, [...path, name])]),
    ),

  isThere: (shape, path, view) =>
    fieldsOf(shape).some(([name, field]) => view.isThere(field, [...path, name])),

  part: fieldOf,

  check(_handle, shape, _path, _view, part) {
    for (const [name, field] of fieldsOf(shape)) part(name, field)
  },

  wholeText: (shape, whole, texts) =>
    entriesText(whole as ReadonlyMap<string, unknown>, String, (part, slot) =>
      // A slot is the name of a field, and behind a line break the family of its kind.
      texts.part(fieldOf(shape, slot.split('\n', 1)[0]!), part),
    ),
}
