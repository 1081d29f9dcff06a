import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { type Bus, type BusSubscription, busSubjects } from '@gatehouse/bus'
import { factsToMessage, MAX_FACTS_PER_REQUEST } from '@gatehouse/policy-follow'
import {
  GetFactsRequestSchema,
  type GetFactsResponse,
  GetFactsResponseSchema,
  NoteFactsRequestSchema,
  NoteFactsResponseSchema,
} from '@gatehouse/proto'
import type { FactsBook } from '../facts/facts-book.ts'

/** Facts for the edges, over the bus: they hold no certificate for the policy service's gRPC (docs/adr/0006). */
export async function serveFacts(bus: Bus, book: FactsBook): Promise<readonly BusSubscription[]> {
  return [
    await bus.serve(busSubjects.factsGet.name, busSubjects.factsGet.queue, async ({ data }) =>
      toBinary(GetFactsResponseSchema, await factsResponse(book, fromBinary(GetFactsRequestSchema, data).users)),
    ),
    await bus.serve(busSubjects.factsNote.name, busSubjects.factsNote.queue, async ({ data }) => {
      const { learned, held } = fromBinary(NoteFactsRequestSchema, data)
      const noted = await book.note(
        learned.map(({ user, contact, atMs }) => ({ user, contact, atMs: Number(atMs) })),
        held.map(({ user, contact, partner, atMs, envelopeId }) => ({
          user,
          contact,
          partner,
          atMs: Number(atMs),
          envelopeId: Buffer.from(envelopeId).toString('hex'),
        })),
      )
      return toBinary(NoteFactsResponseSchema, create(NoteFactsResponseSchema, { noted }))
    }),
  ]
}

/** One answer for each user asked for, up to the bound of a request. */
export async function factsResponse(book: FactsBook, users: readonly string[]): Promise<GetFactsResponse> {
  const asked = users.slice(0, MAX_FACTS_PER_REQUEST)
  const found = await book.factsOfAll(asked)
  return create(GetFactsResponseSchema, { facts: asked.map((user) => factsToMessage(user, found.get(user)!)) })
}
