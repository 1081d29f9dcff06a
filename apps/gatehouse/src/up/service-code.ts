import { errorsOf, messageOf } from '@gatehouse/errors'
import { cliCodes } from '../errors.ts'

const cliError = errorsOf(cliCodes)

export type ServiceName = 'policy' | 'archive' | 'federation-peer' | 'public-im-bridge'

/** The code of the services that this process runs. */
export interface ServiceCode {
  readonly policy?: typeof import('@gatehouse/policy')
  readonly archive?: typeof import('@gatehouse/archive')
  readonly federationPeer?: typeof import('@gatehouse/federation-peer')
  readonly publicImBridge?: typeof import('@gatehouse/public-im-bridge')
}

/**
 * Loads what is to run and nothing else: a process starts sooner, and the image of a service can do without what only others need.
 * Rejects with GH-CLI-LEFT-OUT.
 */
export async function loadServiceCode(services: readonly ServiceName[]): Promise<ServiceCode> {
  try {
    return {
      ...(services.includes('policy') ? { policy: await import('@gatehouse/policy') } : {}),
      ...(services.includes('archive') ? { archive: await import('@gatehouse/archive') } : {}),
      ...(services.includes('federation-peer') ? { federationPeer: await import('@gatehouse/federation-peer') } : {}),
      ...(services.includes('public-im-bridge') ? { publicImBridge: await import('@gatehouse/public-im-bridge') } : {}),
    }
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw thrown
    throw cliError('GH-CLI-LEFT-OUT', messageOf(thrown), { cause: thrown })
  }
}
