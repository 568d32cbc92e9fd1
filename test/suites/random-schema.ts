// Schemas drawn at random: maps and structs around a leaf, to a given depth.
import { map, struct } from '#crdt-objects/index.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import { drawOne } from './draw-value.ts'
import { leaves } from './schemas.ts'
import type { Draw } from './type-spec.ts'

const allLeaves: readonly Schema[] = Object.values(leaves)

/** A schema of at most this depth that has `leaf` somewhere in it. A leaf alone has depth 1. */
export function drawSchemaAround(leaf: Schema, depthMax: number, draw: Draw): Schema {
  const wrappers = 1 + draw(depthMax - 1)
  let schema = leaf
  for (let depth = 2; depth <= 1 + wrappers; depth++) {
    schema = draw(2) === 0 ? map(schema) : drawStructAround(schema, depth, draw)
  }
  return schema
}

function drawStructAround(schema: Schema, depth: number, draw: Draw): Schema {
  const fields: Record<string, Schema> = { given: schema }
  for (let more = draw(3); more > 0; more--) fields[`more${more}`] = drawSchema(depth - 1, draw)
  return struct(fields)
}

/** Any schema of at most this depth. */
function drawSchema(depthMax: number, draw: Draw): Schema {
  const leaf = drawOne(allLeaves, draw)
  return depthMax === 1 || draw(2) === 0 ? leaf : drawSchemaAround(leaf, depthMax, draw)
}

/** Schemas of one object that two versions of a program have, and the schema that has all that either has. */
export interface Versions {
  readonly versions: readonly [Schema, Schema]
  readonly union: Schema
  /** What a version reads where the union reads `value`. */
  project(version: number, value: unknown): unknown
}

/** Two versions of a schema of exactly this depth: their structs have different fields. */
export function drawVersions(depth: number, draw: Draw): Versions {
  if (depth === 1) {
    const leaf = drawOne(allLeaves, draw)
    return { versions: [leaf, leaf], union: leaf, project: (_version, value) => value }
  }
  if (draw(3) > 0) return drawStructVersions(depth, draw)
  const entry = drawVersions(depth - 1, draw)
  const project = (version: number, value: unknown): unknown => {
    const entries = [...(value as ReadonlyMap<string, unknown>)]
    return new Map(entries.map(([key, item]) => [key, entry.project(version, item)]))
  }
  const [older, newer] = entry.versions
  return { versions: [map(older), map(newer)], union: map(entry.union), project }
}

function drawStructVersions(depth: number, draw: Draw): Versions {
  const fields = new Map([
    ['both', drawVersions(depth - 1, draw)],
    ['older', drawVersions(1, draw)],
    ['newer', drawVersions(depth - 1, draw)],
  ])
  const names: readonly (readonly string[])[] = [draw(2) === 0 ? ['both'] : ['both', 'older'], ['both', 'newer']] // prettier-ignore
  const version = (index: number): Schema =>
    struct(Object.fromEntries(names[index]!.map((name) => [name, fields.get(name)!.versions[index]!]))) // prettier-ignore
  return {
    versions: [version(0), version(1)],
    union: struct(Object.fromEntries([...fields].map(([name, field]) => [name, field.union]))),
    project(index, value) {
      const read = value as Readonly<Record<string, unknown>>
      return Object.fromEntries(
        names[index]!.map((name) => [name, fields.get(name)!.project(index, read[name])]),
      )
    },
  }
}
