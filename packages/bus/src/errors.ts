import type { GatewayError } from '@gatehouse/errors'
import { errorsOf } from '@gatehouse/errors'

/** What the bus can answer or throw. */
export const busCodes = {
  'GH-BUS-SUBJECT': {
    summary: 'A bus subject or queue name is malformed.',
    remedy: 'Use dot-separated words of letters, digits, "-" and "_"; wildcards "*" and a final ">" only where one subscribes.',
    retry: 'never',
  },
  'GH-BUS-KEY': {
    summary: 'A bus key or bucket name is malformed.',
    remedy: 'Use letters, digits and "-_=./" in keys, letters, digits, "-" and "_" in bucket names.',
    retry: 'never',
  },
  'GH-BUS-TOO-LARGE': {
    summary: 'A bus message is larger than the bus accepts.',
    remedy: 'Send smaller batches, or raise max_payload on the NATS server.',
    retry: 'never',
  },
  'GH-BUS-BUSY': {
    summary: 'Too many bus requests are waiting for their answers.',
    remedy: 'Look for the service that does not answer; add replicas of it if it is healthy.',
    retry: 'later',
  },
  'GH-BUS-CLOSED': {
    summary: 'The bus connection is closed or away.',
    remedy: 'Check that the NATS server is reachable and that the credentials are accepted.',
    retry: 'later',
  },
  'GH-BUS-NO-RESPONDER': {
    summary: 'No service answers on the bus subject.',
    remedy: 'Start the service that serves the subject; the status page lists subjects and their owners.',
    retry: 'later',
  },
  'GH-BUS-TIMEOUT': {
    summary: 'A bus request was not answered in time; it may have been carried out all the same.',
    remedy: 'Look at the load and the health of the service that serves the subject.',
    retry: 'later',
  },
  'GH-BUS-HANDLER': {
    summary: 'The service that took a bus request failed while answering it.',
    remedy: 'Read the log of the service that serves the subject.',
    retry: 'later',
  },
  'GH-BUS-PERMISSION': {
    summary: 'The NATS server denied this client a subject.',
    remedy: 'Grant the service the subjects that the subjects page lists for it.',
    retry: 'never',
  },
  'GH-BUS-SERVER-TOO-OLD': {
    summary: 'The NATS server lacks a feature that is needed.',
    remedy: 'Upgrade nats-server; the oldest supported version stands in the README of packages/bus.',
    retry: 'never',
  },
  'GH-BUS-CONNECT': {
    summary: 'The NATS server could not be reached or refused the connection.',
    remedy: 'Check server addresses, TLS files and credentials.',
    retry: 'later',
  },
  'GH-BUS-FILE': {
    summary: 'A file with which to reach the NATS server cannot be read.',
    remedy: 'Check the paths in bus.tls and bus.credentialsFile, that the secret is mounted there, and that this user may read it.',
    retry: 'never',
  },
  'GH-BUS-BUCKET': {
    summary: 'A bucket of the bus cannot be opened.',
    remedy: 'Check that JetStream is enabled for the account, has a leader and space, and has as many servers as bus.bucketReplicas says.',
    retry: 'later',
  },
  'GH-BUS-STORE': {
    summary: 'What the bus has to keep cannot be read or written.',
    remedy:
      'Check the path, its permissions, the free space of its disk, and that no other process has it open; of NATS the limits of the stream.',
    retry: 'later',
  },
  'GH-BUS-NO-WORK': {
    summary: 'The bus of this process has no place for durable work.',
    remedy: 'Switch the outbox on in the bootstrap configuration (`outbox.enabled`).',
    retry: 'never',
  },
  'GH-BUS-WORK-AWAY': {
    summary: 'The queue of durable work could not be reached.',
    remedy: 'Check that JetStream of the NATS servers is up and has a leader for the stream OUTBOX.',
    retry: 'later',
  },
  'GH-BUS-NOT-SYNCED': {
    summary: 'A NATS server is not known to write to its disk before it acknowledges.',
    remedy: 'Set `sync_interval: always` in `jetstream` of every server, enable its monitoring (`http`) and list it in `bus.monitors`.',
    retry: 'later',
  },
} as const

type Options = { cause?: unknown; facts?: Record<string, string | number | boolean> }

export const busError: (code: keyof typeof busCodes, detail?: string, options?: Options) => GatewayError = errorsOf(busCodes)
