// Started by commit-engine.test.ts: commits batches and prints each acknowledged id and sequence, until somebody kills it.
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { AppendReplySchema, AppendRequestSchema } from '@gatehouse/proto'
import { loadSigningKey } from '../chain/signing-key.ts'
import { SampleRecords } from '../sample-records.ts'
import { CommitEngine } from './commit-engine.ts'

const [file, keyFile] = process.argv.slice(2) as [string, string]
const samples = new SampleRecords()
const engine = new CommitEngine({
  file,
  busyTimeoutMs: 1000,
  maxBytes: undefined,
  newLogId: () => randomBytes(16),
  checkpoints: { everyRecords: 7, everyMs: 1000, file: undefined },
  key: loadSigningKey(keyFile),
  nowUs: () => Date.now() * 1000,
})
if (!engine.recover()) throw new Error(engine.state().detail)
for (let round = 1; ; round++) {
  const entries = Array.from({ length: 1 + (round % 5) }, () => samples.entry())
  const records = [...entries.map(({ record }) => record), samples.outcomes(entries.map(({ id }) => id))]
  const request = toBinary(AppendRequestSchema, create(AppendRequestSchema, { records }))
  const { results } = fromBinary(AppendReplySchema, engine.commit([request])[0]!)
  const lines = entries.map(({ id }, at) => `${Buffer.from(id).toString('hex')} ${results[at]!.sequence}\n`)
  if (results.every(({ refusal }) => refusal === '')) writeSync(1, lines.join(''))
  if (round % 6 === 0) engine.index()
}
