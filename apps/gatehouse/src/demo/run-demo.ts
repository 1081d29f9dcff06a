import type { ExitCode } from '../cli/exit-codes.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import type { Style } from '../output/style.ts'
import type { Act } from './act.ts'
import { acts } from './acts.ts'
import { Narrator } from './narrator.ts'
import { type ActResult, playActs } from './play-acts.ts'
import { verifyArchive } from './verify-archive.ts'
import { buildWorld, type World } from './world.ts'

export interface DemoOptions {
  readonly write: (text: string) => void
  readonly style: Style
  /** Play and end, instead of staying up until `stop`. */
  readonly isOnce: boolean
  readonly controlFolder: string | undefined
  /** Program of a Prosody; undefined: none is installed. */
  readonly prosody: string | undefined
  readonly stop: AbortSignal
}

/** Plays everything; the exit code is 0 only when each act went as it should. */
export async function runDemo(options: DemoOptions): Promise<{ code: ExitCode; results: readonly ActResult[] }> {
  const narrator = new Narrator(options.write, options.style)
  const startedMs = performance.now()
  narrator.line(
    options.style.dim('Starting an authority, a DNS server, three gateways, two foreign servers and a public network on loopback …'),
  )
  const world = await buildWorld(options)
  narrator.line(
    options.style.dim(`Ready after ${((performance.now() - startedMs) / 1_000).toFixed(1)} s; everything below is in ${world.folder}`),
  )
  const results = await playActs([...acts, archiveAct], world, narrator, options.stop)
  const failed = results.filter((result) => !result.isOk)
  tellResult(narrator, results.length, failed)
  if (!options.isOnce && !options.stop.aborted) {
    tellHints(narrator, world)
    await aborted(options.stop)
    narrator.line('\nStopping …')
  }
  const isKept = options.isOnce && failed.length > 0
  await world.stop({ keepFolder: isKept })
  if (isKept) narrator.line(`Logs and state are kept in ${world.folder}`)
  return { code: failed.length === 0 ? exitCodes.ok.code : exitCodes.negative.code, results }
}

const archiveAct: Act = {
  name: 'archive',
  title: 'Nothing is missing from the archives',
  play: async (world, narrator) => {
    for (const organisation of [world.contoso, world.fabrikam, world.clearinghouse]) await verifyArchive(organisation, narrator)
  },
}

function tellResult(narrator: Narrator, count: number, failed: readonly ActResult[]): void {
  const { good, bad } = narrator.style
  narrator.line()
  if (failed.length === 0) narrator.line(good(`All ${count} acts went as they should.`))
  for (const result of failed) narrator.line(bad(`Act '${result.name}' went wrong: ${result.detail}`))
}

function tellHints(narrator: Narrator, world: World): void {
  const { dim } = narrator.style
  const connect = world.contoso.control === 'unix:.gatehouse/control.sock' ? '' : ` --connect ${world.contoso.control}`
  const hint = (why: string, command: string): void => narrator.line(`  ${dim(`# ${why}`)}\n  npm run -s gatehouse -- ${command}\n`)
  narrator.line(`\nThe gateways stay up. Try in another terminal${connect === '' ? ', in this folder' : ''}; Contoso's gate answers:\n`)
  hint(
    'why was the lie refused?',
    `explain --from carol@fabrikam.example --to alice@contoso.example --peer sip.woodgrove.example${connect}`,
  )
  hint('who is connected, in which class?', `peers${connect}`)
  hint('what was refused, and why?', `archive search --verdict deny${connect}`)
  hint('the policy in force, and who changed it', `export${connect}`)
  hint('block a partner; then ask again', `apply -f - --reason "try it"${connect} <<'EOF'\n${EXAMPLE_BLOCK}EOF`)
  hint('the public network, and what waits for it', `networks${connect}`)
  hint('the other side of the story', `peers --connect ${world.fabrikam.control}`)
  narrator.line(`${dim('Configurations and logs:')} ${world.folder}\n${dim('Ctrl-C ends everything and removes it.')}`)
}

const EXAMPLE_BLOCK = `  apiVersion: gatehouse/v1
  kind: BlockEntry
  metadata: { name: fabrikam }
  spec: { domain: fabrikam.example, owner: me, reason: just trying }
`

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    // A pending promise does not keep a process alive; the gateways' sockets do.
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
