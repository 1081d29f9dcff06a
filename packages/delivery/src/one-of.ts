/** The word as one of a closed list; undefined for any other, such as one of a newer version. */
export function oneOf<const T extends string>(word: string, words: readonly T[]): T | undefined {
  return (words as readonly string[]).includes(word) ? (word as T) : undefined
}
