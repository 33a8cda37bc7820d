/** The decoded parts of an address's path. A part that is not well encoded stays as it is written. */
export const pathParts = (path: string): string[] => path.split("/").filter(Boolean).map(decoded);

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
