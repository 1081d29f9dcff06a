/** What several streams give, as it comes; ends when all have. A stream that fails ends it with that failure. */
export async function* mergeStreams<T>(streams: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  const pending = new Map<AsyncIterator<T>, Promise<{ readonly from: AsyncIterator<T>; readonly result: IteratorResult<T> }>>()
  const ask = (from: AsyncIterator<T>): void => {
    const next = from.next().then((result) => ({ from, result }))
    // who leaves early no longer looks at what fails
    next.catch(() => undefined)
    pending.set(from, next)
  }
  for (const stream of streams) ask(stream[Symbol.asyncIterator]())
  while (pending.size > 0) {
    const { from, result } = await Promise.race(pending.values())
    pending.delete(from)
    if (result.done === true) continue
    ask(from)
    yield result.value
  }
}
