import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command } from '../cli/command.ts'
import { CONTROL_SOCKET } from '../connect.ts'
import { findProsody } from '../demo/jabber/prosody-site.ts'

export const demoCommand: Command = {
  name: 'demo',
  summary: 'Show two organisations federating, live, on this machine',
  description:
    'Starts two organisations, a clearinghouse with a member, a stranger, and a public XMPP network (a Prosody where one is installed, else a stand-in) on loopback, plays what passes and what is refused with the reason of each decision, and stays up to be tried. No root, no network; everything is removed at the end.',
  options: [{ name: 'once', description: 'Play, check every act, and end: exit code 0 only when all went as they should.' }],
  examples: [
    { command: 'gatehouse demo', explanation: 'watch, then try it yourself' },
    { command: 'gatehouse demo --once --json', explanation: 'as a smoke test' },
  ],
  run: async (call) => {
    const isOnce = call.flag('once')
    const { runDemo } = await import('../demo/run-demo.ts')
    const { code, results } = await runDemo({
      write: (text) => call.out.progress(text),
      style: call.out.style,
      isOnce,
      controlFolder: isOnce ? undefined : controlFolderIn(call.io.cwd),
      prosody: findProsody(call.io.env['PATH'] ?? ''),
      stop: call.io.stop,
    })
    if (call.out.isJson) call.out.result({ ok: code === 0, acts: results }, () => '')
    return code
  },
}

/** `.gatehouse` here, so that the commands of the hints find the gateway by themselves; with the state where this folder is read-only. */
function controlFolderIn(cwd: string): string | undefined {
  try {
    mkdirSync(join(cwd, dirname(CONTROL_SOCKET)), { recursive: true, mode: 0o700 })
    return dirname(CONTROL_SOCKET)
  } catch {
    return undefined
  }
}
