import ts from 'typescript'

/** A block of code in a document that says which file it shows. */
export interface FencedExample {
  readonly file: string
  readonly text: string
}

const fence = /^```ts([^\n]*)\n([\s\S]*?)^```/gm

/** The blocks that name a file: "```ts file=PATH", or a first line that is only "// PATH.ts". */
export function fencedExamples(markdown: string): FencedExample[] {
  const examples: FencedExample[] = []
  for (const [, info = '', text = ''] of markdown.matchAll(fence)) {
    const named = /\bfile=(\S+)/.exec(info)?.[1]
    const comment = /^\/\/ (\S+\/\S+\.ts)\n/.exec(text)
    if (named !== undefined) examples.push({ file: named, text: text.trimEnd() })
    else if (comment?.[1] !== undefined) {
      examples.push({ file: comment[1], text: text.slice(comment[0].length).trimEnd() })
    }
  }
  return examples
}

/** The names of the second-level headings. */
export function headings(markdown: string): string[] {
  return [...markdown.matchAll(/^## `?([^\n`]+?)`?\s*$/gm)].map(([, name = '']) => name)
}

/** The codes that a source declares: the keys of every `interface ErrorDetails`, merged ones too. */
export function errorCodes(source: string): string[] {
  const codes: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isInterfaceDeclaration(node) && node.name.text === 'ErrorDetails') {
      for (const member of node.members) {
        if (member.name !== undefined && ts.isIdentifier(member.name)) codes.push(member.name.text)
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('errors.ts', source, ts.ScriptTarget.ES2023))
  return codes
}
