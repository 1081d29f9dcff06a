import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { kubernetesError } from '../kubernetes-codes.ts'
import type { ApiAnswer, ApiRequest, KubernetesApi, WatchRequest } from './api-client.ts'
import { KindWatch } from './kind-watch.ts'

/** Answers in the order they are given here: what an API server may do, one thing after another. */
class ScriptedApi implements KubernetesApi {
  readonly asked: string[] = []
  readonly #answers: ((request: ApiRequest | WatchRequest) => Promise<ApiAnswer | undefined>)[]
  /** Resolves when the script has been played. */
  readonly ended: Promise<void>
  #end: () => void = () => {}

  constructor(...answers: ((request: ApiRequest | WatchRequest) => Promise<ApiAnswer | undefined>)[]) {
    this.#answers = answers
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  async call(request: ApiRequest): Promise<ApiAnswer> {
    return (await this.#next(request)) ?? { status: 500, sizeBytes: 100, body: undefined }
  }

  watch(request: WatchRequest): Promise<ApiAnswer | undefined> {
    return this.#next(request)
  }

  close(): void {}

  async #next(request: ApiRequest | WatchRequest): Promise<ApiAnswer | undefined> {
    this.asked.push(request.path.replace(/^.*\?/, '').replace(/&?(timeoutSeconds|allowWatchBookmarks)=\w+/g, ''))
    const answer = this.#answers.shift()
    if (answer !== undefined) return await answer(request)
    this.#end()
    // the server says nothing more
    return await new Promise((_, reject) => request.signal.addEventListener('abort', () => reject(request.signal.reason)))
  }
}

const partner = (name: string, resourceVersion: string, generation = 1): object => ({
  metadata: { name, resourceVersion, generation },
  spec: { domains: [`${name}.example`] },
})
const list = (resourceVersion: string, items: readonly object[], next?: string) => async (): Promise<ApiAnswer> => ({
  status: 200,
  sizeBytes: 100,
  body: { items, metadata: { resourceVersion, ...(next === undefined ? {} : { continue: next }) } },
})
const events =
  (...told: readonly object[]) =>
  async (request: ApiRequest | WatchRequest): Promise<undefined> => {
    const { onOpen, onEvent } = request as WatchRequest
    onOpen()
    for (const event of told) onEvent(event)
  }
const status =
  (code: number, message = '') =>
  async (): Promise<ApiAnswer> => ({ status: code, sizeBytes: 100, body: { message } })

interface Played {
  readonly watch: KindWatch
  readonly names: string[]
  readonly pauses: number[]
  readonly contents: boolean[]
  readonly asked: readonly string[]
  readonly problems: readonly (string | undefined)[]
}

async function play(
  script: readonly ((request: ApiRequest | WatchRequest) => Promise<ApiAnswer | undefined>)[],
  maxObjects = 100,
): Promise<Played> {
  const api = new ScriptedApi(...script)
  const pauses: number[] = []
  const contents: boolean[] = []
  const problems: (string | undefined)[] = []
  const watch = new KindWatch('Partner', {
    api,
    namespace: 'gatehouse',
    maxObjects,
    random: () => 0.5,
    pause: async (ms) => void pauses.push(ms),
    onChange: (isContent) => {
      contents.push(isContent)
      if (problems.at(-1) !== watch.problem?.code) problems.push(watch.problem?.code)
    },
  })
  watch.start()
  await api.ended
  const names = [...watch.objects()].map(({ name }) => name)
  const played = { watch, names, pauses, contents, asked: api.asked, problems }
  const [isListed, problem] = [watch.isListed, watch.problem]
  await watch.stop()
  return Object.assign(played, { isListed, problem })
}

describe('all objects of a kind', () => {
  it('are listed in pages and watched from there; a watch that ends goes on where it was', async () => {
    const { names, asked, contents } = await play([
      list('5', [partner('a', '1')], 'more'),
      list('7', [partner('b', '2')]),
      events(
        { type: 'ADDED', object: partner('c', '8') },
        { type: 'DELETED', object: partner('a', '9') },
        { type: 'BOOKMARK', object: { metadata: { resourceVersion: '20' } } },
      ),
      events({ type: 'MODIFIED', object: partner('b', '21', 2) }, { type: 'MODIFIED', object: partner('b', '22', 2) }),
    ])
    assert.deepEqual(names, ['b', 'c'])
    assert.deepEqual(asked, [
      'limit=250',
      'limit=250&continue=more',
      'watch=1&resourceVersion=7',
      'watch=1&resourceVersion=20',
      'watch=1&resourceVersion=22',
    ])
    assert.deepEqual(contents, [true, true, true, true, false], 'a status is no content')
  })

  it('are listed again when the place is gone, said either way, without a pause', async () => {
    const gone = { type: 'ERROR', object: { kind: 'Status', code: 410, message: 'too old resource version: 7 (90)' } }
    const { names, asked, pauses, problems } = await play([
      list('7', [partner('a', '1')]),
      events(gone),
      list('90', [partner('b', '80')]),
      status(410, 'Expired'),
      list('95', [partner('b', '80'), partner('c', '94')]),
    ])
    assert.deepEqual(names, ['b', 'c'])
    assert.deepEqual(asked, [
      'limit=250',
      'watch=1&resourceVersion=7',
      'limit=250',
      'watch=1&resourceVersion=90',
      'limit=250',
      'watch=1&resourceVersion=95',
    ])
    assert.deepEqual([pauses, problems], [[], []])
  })

  it('stay known while the server is away, and the pauses grow to a limit', async () => {
    const away = async (): Promise<never> => {
      throw kubernetesError('GH-KUBERNETES-AWAY', 'connect ECONNREFUSED')
    }
    const { names, pauses, asked, problems } = await play([
      list('7', [partner('a', '1')]),
      ...Array.from({ length: 8 }, () => away),
      status(503),
      events(),
    ])
    assert.deepEqual(names, ['a'])
    assert.deepEqual(pauses.slice(0, 9), [150, 300, 600, 1200, 2400, 4800, 7500, 7500, 7500])
    assert.ok(asked.slice(1).every((path) => path === 'watch=1&resourceVersion=7'))
    assert.deepEqual(problems, ['GH-KUBERNETES-AWAY', undefined])
  })

  it('of a kind that is gone or forbidden are unknown, not none', async () => {
    for (const [code, expected] of [
      [404, 'GH-KUBERNETES-NO-KIND'],
      [403, 'GH-KUBERNETES-FORBIDDEN'],
      [401, 'GH-KUBERNETES-FORBIDDEN'],
    ] as const) {
      const played = await play([list('7', [partner('a', '1')]), status(code, 'no'), status(code, 'no')])
      assert.deepEqual(played.problems, [expected])
      assert.equal((played as unknown as { isListed: boolean }).isListed, false)
    }
  })

  it('are too many or too large at a limit', async () => {
    assert.deepEqual((await play([list('7', [partner('a', '1'), partner('b', '2'), partner('c', '3')])], 2)).problems, [
      'GH-KUBERNETES-SIZE',
    ])
    const added = await play([list('7', [partner('a', '1')]), events({ type: 'ADDED', object: partner('b', '8') })], 1)
    assert.deepEqual(added.problems, ['GH-KUBERNETES-SIZE'])
    const tooLong = async (): Promise<ApiAnswer> => ({ status: 200, sizeBytes: 100, body: undefined })
    const shrunk = await play([tooLong, tooLong, list('7', [partner('a', '1')], 'x'), tooLong, list('8', [partner('b', '1')])])
    assert.deepEqual(shrunk.names, ['a', 'b'])
    assert.deepEqual(shrunk.asked.slice(0, 5), ['limit=250', 'limit=31', 'limit=3', 'limit=3&continue=x', 'limit=1&continue=x'])
    assert.deepEqual(
      (await play([async () => ({ status: 200, sizeBytes: 100, body: undefined }), ...Array.from({ length: 3 }, () => tooLong)])).problems,
      ['GH-KUBERNETES-SIZE'],
    )
  })

  it('are not taken from answers that are none', async () => {
    for (const body of [null, 7, {}, { items: {} }, { items: [{}], metadata: { resourceVersion: '1' } }, { items: [], metadata: {} }]) {
      assert.deepEqual((await play([async () => ({ status: 200, sizeBytes: 100, body })])).problems, ['GH-KUBERNETES-ANSWER'])
    }
    for (const event of [
      7,
      {},
      { type: 'ADDED' },
      { type: 'ADDED', object: { metadata: { name: 7 } } },
      { type: 'NONE', object: partner('a', '1') },
    ]) {
      const { problems, asked } = await play([list('7', []), events(event as object)])
      assert.deepEqual([problems, asked.at(-1)], [['GH-KUBERNETES-ANSWER'], 'limit=250'])
    }
  })
})
