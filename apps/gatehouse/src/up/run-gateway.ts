import { formatProblem, loadConfig } from '@gatehouse/config'
import { connectRpc } from '@gatehouse/rpc'
import { createLogger, MetricsRegistry } from '@gatehouse/telemetry'
import type { Call } from '../cli/command.ts'
import type { ExitCode } from '../cli/exit-codes.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { applyPolicy } from '../commands/policy-calls.ts'
import { readPolicyFiles } from '../commands/policy-files.ts'
import { chooseStyle, printable } from '../output/style.ts'
import { readText } from '../read-text.ts'
import { type GatehouseConfig, gatehouseConfig } from './gatehouse-config.ts'
import { buildGateway, type GatewayAddresses, type ServiceName } from './gateway.ts'
import { isOutboxOn, openBus } from './open-bus.ts'

/** Loads the configuration, runs the services until the call is stopped, drains. */
export async function runGateway(call: Call, file: string, services: readonly ServiceName[], replica?: string): Promise<ExitCode> {
  const loaded = loadConfig(gatehouseConfig, readText(call.io.cwd, file), file)
  if (!loaded.ok) {
    for (const problem of loaded.problems) call.io.err.write(`${printable(formatProblem(problem))}\n`)
    return exitCodes.problems.code
  }
  const config = withReplica(loaded.config, replica)
  const { isErrorTerminal, env, err, stop } = call.io
  const hasColours = chooseStyle(isErrorTerminal, env).bold('x') !== 'x'
  const hashKeyFile = config.telemetry.log.addressHashKeyFile
  const log = createLogger({
    service: services.length === 1 ? (services[0] ?? 'gatehouse') : 'gatehouse',
    level: config.telemetry.log.level,
    destination: err,
    isPretty: isErrorTerminal,
    hasColours,
    ...(hashKeyFile === undefined ? {} : { hashAddresses: { key: readText(call.io.cwd, hashKeyFile) } }),
  })
  const bus = await openBus(config, `gatehouse ${services.join('+')}`, isOutboxOn(config, services))
  const gateway = buildGateway(config, { bus, log, metrics: new MetricsRegistry() }, services)
  const addresses = await gateway.start()
  try {
    await applyFiles(call, addresses.control)
    call.out.result({ ready: true, ...addresses }, () => describe(addresses))
    await aborted(stop)
    log.info({}, 'draining')
  } finally {
    await gateway.stop()
  }
  log.info({}, 'stopped')
  return exitCodes.ok.code
}

/** `--replica`: what one file for several replicas cannot say. */
function withReplica(config: GatehouseConfig, replica: string | undefined): GatehouseConfig {
  if (replica === undefined || replica === '') return config
  const { federationPeer, publicImBridge } = config
  return {
    ...config,
    ...(federationPeer === undefined ? {} : { federationPeer: { ...federationPeer, replica } }),
    ...(publicImBridge === undefined ? {} : { publicImBridge: { ...publicImBridge, replica } }),
  }
}

/** `--policy`: a small office keeps its policy beside its configuration. */
async function applyFiles(call: Call, control: string): Promise<void> {
  const paths = call.texts('policy')
  if (paths.length === 0) return
  const connection = connectRpc(control)
  try {
    const files = await readPolicyFiles(call, paths)
    const response = await applyPolicy(call, connection, { author: call.io.userName, reason: 'gatehouse up --policy' }, files)
    for (const problem of response.problems) {
      call.io.err.write(
        `${printable(`${problem.file}:${problem.line}:${problem.column}: ${problem.severity}: ${problem.message} (${problem.code})`)}\n`,
      )
    }
  } finally {
    connection.close()
  }
}

function describe(addresses: GatewayAddresses): string {
  const edge = (name: string, place: { address: string; port: number } | undefined): string =>
    place === undefined ? '' : `${name.padEnd(14)} ${place.address}:${place.port}\n`
  return [
    edge('external edge', addresses.external),
    edge('internal edge', addresses.internal),
    edge('health', addresses.health),
    `${'control'.padEnd(14)} ${addresses.control}\n`,
  ].join('')
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
