// Entry of a thread that checks parts of a log; started by verify-threads.ts and by nothing else.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '@gatehouse/errors'
import { LogReader } from '../store/log-reader.ts'
import type { LogSource } from '../store/log-source.ts'
import { openPostgresReader } from '../store/postgres/open-reader.ts'
import { checkRange, type RangeTask } from './check-range.ts'
import type { FromVerifyThread, ThreadSource } from './verify-threads.ts'

function open(source: ThreadSource): LogSource {
  return 'file' in source ? new LogReader(source.file) : openPostgresReader(source.url)
}

function run(port: MessagePort, source: ThreadSource): void {
  const send = (message: FromVerifyThread): void => port.postMessage(message)
  const reader = open(source)
  const check = async (task: RangeTask): Promise<void> => {
    for await (const { checked, report } of checkRange(reader, task)) send(report === undefined ? { checked } : { report })
  }
  port.on('message', (task: RangeTask) => {
    check(task).catch((thrown: unknown) => send({ failure: messageOf(thrown) }))
  })
}

if (parentPort !== null) run(parentPort, workerData as ThreadSource)
