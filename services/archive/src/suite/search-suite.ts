import assert from 'node:assert/strict'
import { it } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import {
  ExportEntriesRequestSchema,
  ExportRequestSchema,
  GetRequestSchema,
  ProveRequestSchema,
  SearchRequestSchema,
} from '@gatehouse/proto'
import { SampleRecords } from '../sample-records.ts'
import { type ArchiveBed, collected, type OpenArchive, officer, openArchive } from './archive-bed.ts'

const DAY_US = 86_400_000_000
const START_US = Date.UTC(2026, 4, 1, 12) * 1000
const PEOPLE = ['ann@contoso.example', 'ben@contoso.example', 'cy@fabrikam.example', 'di@fabrikam.example', 'ed@adatum.example']

/** What is said: a message every two hours over ten days, 120 in all. */
function messageAt(at: number) {
  const from = PEOPLE[at % PEOPLE.length]!
  const to = PEOPLE[(at * 3 + 1) % PEOPLE.length]!
  return { from, to, conversation: `call-${at % 7}`, atUs: START_US + at * 7_200_000_000, isDenied: at % 10 === 3, isMarked: at % 8 === 5 }
}

const MESSAGES = Array.from({ length: 120 }, (_, at) => ({ sequence: at + 1, ...messageAt(at) }))
type Message = (typeof MESSAGES)[number]

/** Searching, reading and proving: the same answers as going through everything gives. */
export function searchSuite(makeBed: () => Promise<ArchiveBed>): void {
  const samples = new SampleRecords()
  const ids: Uint8Array[] = []

  async function filled(): Promise<OpenArchive> {
    let nowUs = START_US
    const archive = await openArchive(await makeBed(), {}, () => nowUs)
    ids.length = 0
    for (const { from, to, conversation, atUs, isDenied, isMarked } of MESSAGES) {
      nowUs = atUs + 1000
      const { id, record } = samples.entry(
        { fromAddress: `sip:${from}`, toAddress: `sip:${to}`, conversation, receivedAtUs: atUs, body: Buffer.from(`about ${atUs}`) },
        { verdict: isDenied ? 'deny' : 'allow', mark: isMarked ? 'unverified' : 'verified' },
      )
      ids.push(id)
      await archive.append(record)
    }
    return archive
  }

  it('finds by each term, and by several, what is there: newest first, page by page', async () => {
    const archive = await filled()
    const find = async (terms: MessageInitShape<typeof SearchRequestSchema>): Promise<number[]> => {
      const parts = await collected(archive.service.handlers.search(create(SearchRequestSchema, { limit: 1000, ...terms }), officer))
      return parts.map(({ record }) => Number(record?.sequence))
    }
    const inDays = (first: number, last: number) => ({
      sinceUs: BigInt(START_US + first * DAY_US),
      untilUs: BigInt(START_US + last * DAY_US),
    })
    const ofDays = ({ atUs }: Message, first: number, last: number): boolean =>
      atUs >= START_US + first * DAY_US && atUs < START_US + last * DAY_US
    const isOf = ({ from, to }: Message, domain: string): boolean => from.endsWith(`@${domain}`) || to.endsWith(`@${domain}`)
    const cases: readonly [MessageInitShape<typeof SearchRequestSchema>, (message: Message) => boolean][] = [
      [{}, () => true],
      [{ fromAddress: 'ANN@contoso.example' }, ({ from }) => from === PEOPLE[0]],
      [{ toAddress: 'sip:di@fabrikam.example' }, ({ to }) => to === PEOPLE[3]],
      [{ fromAddress: PEOPLE[0]!, ...inDays(2, 9) }, (message) => message.from === PEOPLE[0] && ofDays(message, 2, 9)],
      [{ fromAddress: PEOPLE[0]!, toAddress: PEOPLE[1]! }, ({ from, to }) => from === PEOPLE[0] && to === PEOPLE[1]],
      [{ domain: 'Adatum.example' }, (message) => isOf(message, 'adatum.example')],
      [{ domain: 'contoso.example', verdict: 'deny' }, (message) => message.isDenied && isOf(message, 'contoso.example')],
      [
        { domain: 'fabrikam.example', fromAddress: PEOPLE[0]! },
        (message) => message.from === PEOPLE[0] && isOf(message, 'fabrikam.example'),
      ],
      [{ conversation: 'call-3' }, ({ conversation }) => conversation === 'call-3'],
      [{ verdict: 'deny' }, ({ isDenied }) => isDenied],
      [{ mark: 'unverified' }, ({ isMarked }) => isMarked],
      [{ verdict: 'allow', mark: 'verified' }, ({ isDenied, isMarked }) => !isDenied && !isMarked],
      [{ text: 'ABOUT', ...inDays(3, 4) }, (message) => ofDays(message, 3, 4)],
      [{ beforeSequence: 60n, fromAddress: PEOPLE[2]! }, ({ sequence, from }) => sequence < 60 && from === PEOPLE[2]],
      [{ fromAddress: 'nobody@contoso.example' }, () => false],
      [{ domain: 'nowhere.example' }, () => false],
      [{ text: 'never said' }, () => false],
    ]
    for (const [terms, isWanted] of cases) {
      const wanted = MESSAGES.filter(isWanted).map(({ sequence }) => sequence)
      const name = JSON.stringify(terms, (_, value) => (typeof value === 'bigint' ? Number(value) : (value as unknown)))
      assert.deepEqual(await find(terms), wanted.toReversed(), name)
      assert.deepEqual(await find({ ...terms, limit: 3 }), wanted.toReversed().slice(0, 3), name)
    }
    await archive.stop()
  })

  it('finds the conversation that a message is of: two people, without an hour of silence, over sessions and pages', async () => {
    let nowUs = START_US
    const archive = await openArchive(await makeBed(), {}, () => nowUs)
    const minutes = [0, 50, 100, 220, 250]
    const said: Uint8Array[] = []
    for (const [at, minute] of minutes.entries()) {
      nowUs = START_US + minute * 60_000_000
      const [from, to] = at % 2 === 0 ? [PEOPLE[0]!, PEOPLE[2]!] : [PEOPLE[2]!, PEOPLE[0]!]
      const { id, record } = samples.entry({
        fromAddress: `sip:${from}`,
        toAddress: `SIP:${to}`,
        conversation: `call-${at}`,
        receivedAtUs: nowUs,
      })
      said.push(id)
      const other = samples.entry({ fromAddress: `sip:${from}`, toAddress: `sip:${PEOPLE[4]}`, receivedAtUs: nowUs })
      await archive.append(record, other.record)
    }
    const find = async (terms: MessageInitShape<typeof SearchRequestSchema>): Promise<number[]> => {
      const parts = await collected(archive.service.handlers.search(create(SearchRequestSchema, terms), officer))
      return parts.map(({ record }) => Number(record?.sequence))
    }
    const places = await Promise.all(
      said.map(async (id) => {
        const got = await archive.service.handlers.get(create(GetRequestSchema, { envelopeId: id }), officer)
        return Number(got.record?.sequence)
      }),
    )
    const [first, second] = [places.slice(0, 3).reverse(), places.slice(3).reverse()]
    assert.deepEqual(await find({ conversationOf: said[1]! }), first)
    assert.deepEqual(await find({ conversationOf: said[0]!, fromAddress: PEOPLE[2]! }), [places[1]])
    assert.deepEqual(await find({ conversationOf: said[4]! }), second)
    const name = Buffer.alloc(16, 5)
    assert.deepEqual(await find({ conversationOf: name, conversation: 'call-3' }), [places[3]])
    await assert.rejects(find({ conversationOf: name }), { code: 'GH-ARCHIVE-NOT-FOUND' })
    await archive.stop()
  })

  it('hands out one message with what became of it, its proof, and all as it was committed', async () => {
    const archive = await filled()
    const { handlers } = archive.service
    assert.deepEqual(await archive.append(samples.outcomes([ids[4]!, ids[5]!], 486, START_US)), ['121'])
    const got = await handlers.get(create(GetRequestSchema, { envelopeId: ids[4]! }), officer)
    assert.deepEqual([got.record?.sequence, got.record?.outcomeStatus, got.outcomes?.length], [5n, 486, 1])
    const proven = await handlers.prove(create(ProveRequestSchema, { sequence: 7n }), officer)
    // Where the tree begins depends on when checkpoints were signed.
    assert.equal(proven.record?.proof?.index, 7n - BigInt(proven.checkpoint?.firstSequence ?? 0))
    const parts = await collected(handlers.export(create(ExportRequestSchema), officer))
    const records = parts.flatMap(({ part }) => (part?.case === 'record' ? [Number(part.value.sequence)] : []))
    assert.deepEqual(
      records,
      records.map((_, at) => at + 1),
    )
    const entries = await collected(
      handlers.exportEntries(create(ExportEntriesRequestSchema, { user: PEOPLE[4]!, reason: 'case' }), officer),
    )
    const wanted = MESSAGES.filter(({ from, to }) => from === PEOPLE[4] || to === PEOPLE[4]).map(({ sequence }) => sequence)
    assert.deepEqual(
      entries.flatMap(({ part }) => (part?.case === 'record' ? [Number(part.value.record?.sequence)] : [])),
      wanted,
    )
    await archive.stop()
  })
}
