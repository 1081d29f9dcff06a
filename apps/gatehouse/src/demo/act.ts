import { errorsOf } from '@gatehouse/errors'
import { cliCodes } from '../errors.ts'
import type { Narrator } from './narrator.ts'
import type { World } from './world.ts'

const cliError = errorsOf(cliCodes)

/** One scene. It plays, and checks what came of it. */
export interface Act {
  /** Short name, for messages. */
  readonly name: string
  readonly title: string
  /** Throws when something went otherwise than it should. */
  readonly play: (world: World, narrator: Narrator) => Promise<void>
}

/** Throws GH-CLI-DEMO-ACT unless `isTrue`. */
export function expect(isTrue: boolean, what: string): void {
  if (!isTrue) throw cliError('GH-CLI-DEMO-ACT', what)
}
