/** A schema's descriptor as its builders would be written: `map(struct({ hits: counter() }))`. */
export function schemaText(descriptor: string): string {
  try {
    return write(JSON.parse(descriptor))
  } catch {
    return descriptor
  }
}

function write(schema: unknown): string {
  if (!Array.isArray(schema)) return JSON.stringify(schema)
  const [kind, ...parts] = schema as unknown[]
  if (kind !== 'struct')
    return `${String(kind)}(${kind === 'register' ? '' : parts.map(write).join(', ')})`
  const fields = parts.map((part) => {
    const [name, of] = part as [string, unknown]
    return `${name}: ${write(of)}`
  })
  return `struct({ ${fields.join(', ')} })`
}
