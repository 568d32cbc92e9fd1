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
export function drawSchema(depthMax: number, draw: Draw): Schema {
  const leaf = drawOne(allLeaves, draw)
  return depthMax === 1 || draw(2) === 0 ? leaf : drawSchemaAround(leaf, depthMax, draw)
}
