import { z } from 'zod'

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

const addresses = z
  .strictObject({
    mode: z
      .enum(['hashed', 'clear'])
      .default('hashed')
      .describe(
        'How people’s addresses stand in log and traces. `hashed`: `h~<hash>@domain`, the same for the same address and key. `clear`: as they are.',
      ),
    keyFile: z
      .string()
      .optional()
      .describe(
        'File with a secret of at least 16 bytes. Give all replicas the same, so that an address has one hash everywhere. Default: address-hash.key in stateDir, made when it is not there.',
      ),
  })
  .prefault({})
  .describe('Addresses in log and traces. The archive has them as they are.')

const traces = z
  .strictObject({
    ratio: z
      .number()
      .min(0)
      .max(1)
      .default(0.01)
      .describe('Part of the messages that is traced, drawn where they come in. 1: all; 0: none.'),
    failuresPerSecond: z
      .int()
      .min(0)
      .max(1_000)
      .default(10)
      .describe('Messages that failed and were not drawn: so many in a second are told of with one span each, after the fact. 0: none.'),
  })
  .prefault({})
  .describe('Which messages are traced, where `otlp` says where traces go.')

const otlp = z
  .strictObject({
    endpoint: z
      .url({ protocol: /^https?$/ })
      .describe('Collector that takes OTLP over HTTP, such as https://collector.example:4318; /v1/traces and /v1/metrics are appended.'),
    headersFile: z
      .string()
      .optional()
      .describe(
        'File with headers for it, one per line, `Name: value`; read again when it changes. Needs https, or a collector on loopback.',
      ),
    tls: z
      .strictObject({
        caFile: z.string().optional().describe('PEM file: authority of the collector. Default: those that Node.js knows.'),
        certFile: z.string().optional().describe('PEM file: our certificate, for a collector that asks for one.'),
        keyFile: z.string().optional().describe('PEM file: its private key.'),
      })
      .optional()
      .describe('TLS towards the collector.'),
    traces: z.boolean().default(true).describe('Whether traces are sent.'),
    metrics: z.boolean().default(true).describe('Whether metrics are sent; they can be scraped from `health` as well.'),
    metricsIntervalS: z.int().min(1).max(3_600).default(60).describe('Seconds between two times that metrics are sent.'),
    timeoutMs: z.int().min(100).max(60_000).default(10_000).describe('A request that takes longer counts as lost.'),
  })
  .superRefine(({ endpoint, headersFile, tls }, context) => {
    const { protocol, hostname } = new URL(endpoint)
    if (headersFile !== undefined && protocol === 'http:' && !LOOPBACK.has(hostname)) {
      context.addIssue({
        code: 'custom',
        path: ['headersFile'],
        message: 'headers are secrets: they need an https endpoint, or one on loopback',
      })
    }
    if ((tls?.certFile === undefined) !== (tls?.keyFile === undefined)) {
      context.addIssue({ code: 'custom', path: ['tls'], message: 'certFile and keyFile go together' })
    }
  })
  .optional()
  .describe('Where traces and metrics are sent; absent: nowhere, and nothing is traced.')

export const telemetryConfig = z.strictObject({
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Least important level that is logged.'),
    })
    .prefault({})
    .describe('The log, JSON lines on standard error (readable lines on a terminal).'),
  addresses,
  traces,
  otlp,
  health: z
    .strictObject({
      address: z
        .string()
        .default('127.0.0.1')
        .describe('Address of /healthz, /readyz and /metrics; they name internal parts, so loopback.'),
      port: z.int().min(0).max(65_535).describe('Its port; 0 lets the system choose one.'),
    })
    .optional()
    .describe('Absent: no health server.'),
})

export type TelemetryConfig = z.infer<typeof telemetryConfig>
