import type { Bus } from '@gatehouse/bus'
import { formatProblem, loadConfig } from '@gatehouse/config'
import { connectRpc } from '@gatehouse/rpc'
import type { HealthCheck } from '@gatehouse/telemetry'
import type { Call } from '../cli/command.ts'
import type { ExitCode } from '../cli/exit-codes.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { applyPolicy } from '../commands/policy-calls.ts'
import { readPolicyFiles } from '../commands/policy-files.ts'
import { chooseStyle, printable } from '../output/style.ts'
import { readText } from '../read-text.ts'
import { type GatehouseConfig, gatehouseConfig } from './gatehouse-config.ts'
import { buildGateway, type GatewayAddresses, type Place } from './gateway.ts'
import { HealthFront } from './health-front.ts'
import { isOutboxOn, openBus } from './open-bus.ts'
import { openTelemetry, type Telemetry } from './open-telemetry.ts'
import { loadServiceCode, type ServiceName } from './service-code.ts'
import { prepareStateFolder } from './state-folder.ts'
import { pauseFor, whenPossible } from './when-possible.ts'

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
  // the log's own secret lies there, too
  prepareStateFolder(config.stateDir, services)
  const telemetry = openTelemetry(config.telemetry, {
    service: services.length === 1 ? (services[0] ?? 'gatehouse') : 'gatehouse',
    cwd: call.io.cwd,
    stateDir: config.stateDir,
    logTo: { destination: err, isPretty: isErrorTerminal, hasColours },
  })
  const { log } = telemetry
  const front = new HealthFront()
  await front.start(config.telemetry.health, telemetry.metrics)
  try {
    await serve(call, config, services, telemetry, front)
  } catch (thrown) {
    // whoever stops a process that is still waiting for its bus or database does not want to hear of it again
    if (!stop.aborted) throw thrown
  } finally {
    await front.stop()
    await telemetry.stop()
  }
  log.info({}, 'stopped')
  return exitCodes.ok.code
}

/** From the bus to the end of the drain. */
async function serve(
  call: Call,
  config: GatehouseConfig,
  services: readonly ServiceName[],
  telemetry: Telemetry,
  front: HealthFront,
): Promise<void> {
  const { log, metrics, tracer } = telemetry
  const { stop } = call.io
  const connect = (): Promise<Bus> => openBus(config, `gatehouse ${services.join('+')}`, isOutboxOn(config, services))
  // What this image does not hold is no reason to wait for a bus.
  await loadServiceCode(services)
  // The embedded bus is a matter of this machine's files: what is wrong there stays wrong until somebody mends it.
  const isRemote = config.bus.driver === 'nats'
  const patience = { log, stop, onWaiting: (check: HealthCheck | undefined) => front.waitFor(check), pause: pauseFor }
  const bus = isRemote ? await whenPossible('bus', connect, patience) : await connect()
  const gateway = await buildGateway(config, { bus, log, metrics, tracer, patience: stop }, services).catch(async (thrown: unknown) => {
    await bus.close(0)
    throw thrown
  })
  front.follow(() => gateway.health())
  const addresses = { ...(await gateway.start()), health: front.place }
  telemetry.start()
  try {
    await applyFiles(call, addresses.control)
    call.out.result({ ready: true, ...addresses }, () => describe(addresses))
    await aborted(stop)
    log.info({}, 'draining')
  } finally {
    await gateway.stop()
  }
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

function describe(addresses: GatewayAddresses & { health: Place | undefined }): string {
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
