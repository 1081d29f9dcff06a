// One archive service in a process of its own, over a NATS server: what `gatehouse service archive` runs, without its control plane.
import { archiveConfig, buildArchiveService } from '@gatehouse/archive'
import { connectNatsBus } from '@gatehouse/bus'
import { createLogger, MetricsRegistry } from '@gatehouse/telemetry'

export interface ArchiveOrder {
  readonly natsServer: string
  /** As in an `archive` configuration. */
  readonly config: object
}

process.once('message', (order: ArchiveOrder) => void run(order))
process.once('disconnect', () => process.exit(0))

async function run(order: ArchiveOrder): Promise<void> {
  const bus = await connectNatsBus({ servers: [order.natsServer], name: 'archive' })
  const log = createLogger({ service: 'archive', level: 'warn', destination: process.stderr })
  const service = buildArchiveService(archiveConfig.parse(order.config), { bus, log, metrics: new MetricsRegistry() })
  await service.start()
  process.once('SIGTERM', () => {
    void service
      .stop()
      .then(() => bus.close(100))
      .then(() => process.exit(0))
  })
  process.send?.('listening')
}
