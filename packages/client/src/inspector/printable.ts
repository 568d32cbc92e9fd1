/** Controls, of which some command a terminal, and marks that show text in another order than it has. */
const unprintable = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu
const unprintableButLines = /[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu

/** Text of others for one line of a terminal: what would command the terminal is shown as an escape. */
export function printable(text: string): string {
  return text.replace(unprintable, escape)
}

/** The same for text that may have several lines. */
export function printableLines(text: string): string {
  return text.replace(unprintableButLines, escape)
}

function escape(character: string): string {
  if (character === '\n') return '\\n'
  if (character === '\t') return '\\t'
  if (character === '\r') return '\\r'
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
