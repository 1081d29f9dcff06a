/** One word of a bucket's key out of any text: buckets have a narrow alphabet. */
export function keyWord(text: string): string {
  return text === '' ? '=' : Buffer.from(text).toString('base64url')
}

/** The text back. */
export function textOfKeyWord(word: string): string {
  return word === '=' ? '' : Buffer.from(word, 'base64url').toString()
}
