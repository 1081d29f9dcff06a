import { ArchiveService } from '@gatehouse/proto'
import type { Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'

export const archiveEraseCommand: Command = {
  name: 'archive erase',
  summary: 'Make the archived bodies of a user unreadable',
  description:
    'Destroys the keys of all bodies kept under an internal user. Nobody can read them again; records, chain and proofs stay whole. Keys that protect held messages are left alone. Who erased, and why, is recorded.',
  options: [
    { name: 'user', value: 'ADDRESS', isRequired: true, description: 'The internal user.' },
    { name: 'reason', value: 'TEXT', isRequired: true, description: 'Why; recorded.' },
    ...connectOptions,
  ],
  examples: [
    { command: 'gatehouse archive erase --user alice@contoso.example --reason "request 44"', explanation: 'what alice said and got' },
  ],
  run: async (call) => {
    const request = { user: call.text('user') ?? '', reason: call.text('reason') ?? '' }
    const { destroyedKeys, heldKeys, holds } = await withGateway(call, (connection) => connection.client(ArchiveService).erase(request))
    call.out.result({ destroyedKeys: Number(destroyedKeys), heldKeys: Number(heldKeys), holds }, () => {
      const held = heldKeys === 0n ? '' : `${heldKeys} keys left alone, held by ${holds.join(', ')}\n`
      return `${destroyedKeys} keys destroyed\n${held}`
    })
    return heldKeys === 0n ? exitCodes.ok.code : exitCodes.negative.code
  },
}
