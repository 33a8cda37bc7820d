// The server counts in bytes of UTF-8, a page in UTF-16 units.
const encoder = new TextEncoder();

/** The place in the text that lies `bytes` bytes after its start. */
export function unitsAt(text: string, bytes: number): number {
  let seen = 0;
  let units = 0;
  for (const character of text) {
    if (seen >= bytes) break;
    seen += encoder.encode(character).length;
    units += character.length;
  }
  return units;
}
