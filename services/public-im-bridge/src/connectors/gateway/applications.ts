import { errorsOf } from '@gatehouse/errors'
import type { ImAddress } from '@gatehouse/im-model'
import type { GatewayConfig } from './config.ts'
import { gatewayApiCodes } from './errors.ts'

const gatewayError = errorsOf(gatewayApiCodes)

/** What a caller over a local socket is called by the rpc server: the file's permissions are its proof. */
const LOCAL = 'local'

/** Who may use the gateway, and for which addresses. */
export class Applications {
  readonly #domain: string
  readonly #names: ReadonlySet<string>
  readonly #byUser: ReadonlyMap<string, string>

  constructor({ domain, applications }: Pick<GatewayConfig, 'domain' | 'applications'>) {
    this.#domain = domain
    this.#names = new Set(applications.map(({ name }) => name))
    this.#byUser = new Map(applications.flatMap(({ name, users }) => users.map((user) => [user.toLowerCase(), name] as const)))
  }

  /** Throws GH-GATEWAY-APPLICATION. `caller`: what the connection proved. */
  admit(application: string, caller: string): void {
    if (!this.#names.has(application) || (caller !== LOCAL && caller !== application)) {
      throw gatewayError('GH-GATEWAY-APPLICATION', `'${application}' from ${caller}.`)
    }
  }

  /** Throws GH-GATEWAY-ADDRESS. */
  admitSender(application: string, from: ImAddress): void {
    if (this.of(from) !== application)
      throw gatewayError('GH-GATEWAY-ADDRESS', `${from.user}@${from.domain} is not one of '${application}'.`)
  }

  /** The application that has an address; undefined: none. */
  of(address: ImAddress): string | undefined {
    return address.domain === this.#domain ? this.#byUser.get(address.user.toLowerCase()) : undefined
  }
}
