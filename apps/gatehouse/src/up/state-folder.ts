import { accessSync, constants } from 'node:fs'
import { makeFolder } from '@gatehouse/config'
import { errorsOf, messageOf } from '@gatehouse/errors'
import { cliCodes } from '../errors.ts'
import type { ServiceName } from './service-code.ts'

const cliError = errorsOf(cliCodes)

/** Makes the folder of databases and keys where there is none. Throws GH-CLI-STATE when the services could not write there. */
export function prepareStateFolder(path: string, services: readonly ServiceName[]): void {
  try {
    makeFolder(path)
    // the edge alone keeps nothing there
    if (services.some((name) => name !== 'federation-peer')) accessSync(path, constants.W_OK)
  } catch (cause) {
    throw cliError('GH-CLI-STATE', messageOf(cause), { cause })
  }
}
