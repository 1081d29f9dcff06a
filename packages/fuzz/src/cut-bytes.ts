/** In two pieces, the first of which has `position` bytes. */
export function* cutAt(bytes: Uint8Array, position: number): Iterable<Uint8Array> {
  yield bytes.subarray(0, position)
  yield bytes.subarray(position)
}

/** The slowest network. */
export function* singleBytes(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let index = 0; index < bytes.length; index += 1) yield bytes.subarray(index, index + 1)
}
