import { create } from '@bufbuild/protobuf'
import { CAPABILITY_FEATURES, supports } from '@gatehouse/bridge-kit'
import { errorsOf } from '@gatehouse/errors'
import { parseAddress } from '@gatehouse/im-model'
import {
  type LinkAccountRequest,
  type LinkAccountResponse,
  LinkAccountResponseSchema,
  type ListAccountsRequest,
  type ListAccountsResponse,
  ListAccountsResponseSchema,
  type ListNetworksResponse,
  ListNetworksResponseSchema,
  type UnlinkAccountRequest,
  type UnlinkAccountResponse,
  UnlinkAccountResponseSchema,
} from '@gatehouse/proto'
import type { AccountBook, StoredAccount } from '../core/accounts/account-book.ts'
import type { AccountKeeper } from '../core/accounts/account-keeper.ts'
import type { NetworkHost } from '../core/host/network-host.ts'
import { bridgeCodes } from '../errors.ts'
import type { StateShelf } from './state-shelf.ts'

const bridgeError = errorsOf(bridgeCodes)
const LONGEST_SECRET = 4_096

export interface BridgeHandlersDeps {
  readonly hosts: ReadonlyMap<string, NetworkHost>
  readonly book: AccountBook
  readonly keeper: AccountKeeper
  readonly shelf: StateShelf
}

/** Answers of the gRPC service Bridge, the same from whichever replica is asked. */
export class BridgeHandlers {
  readonly #deps: BridgeHandlersDeps

  constructor(deps: BridgeHandlersDeps) {
    this.#deps = deps
  }

  async listNetworks(): Promise<ListNetworksResponse> {
    return create(ListNetworksResponseSchema, { networks: [...this.#deps.shelf.networks()] })
  }

  async listAccounts({ network, owner }: ListAccountsRequest): Promise<ListAccountsResponse> {
    const { book } = this.#deps
    const accounts = book
      .all()
      .filter((account) => network === '' || account.network === network)
      .filter((account) => owner === '' || ownerOf(account) === owner.toLowerCase())
      .sort((left, right) => `${left.network} ${ownerOf(left)}`.localeCompare(`${right.network} ${ownerOf(right)}`))
    return create(ListAccountsResponseSchema, { accounts: accounts.map((account) => this.#stateOf(account)) })
  }

  async linkAccount(request: LinkAccountRequest): Promise<LinkAccountResponse> {
    const { network, login, secret, settings, author } = request
    const host = this.#deps.hosts.get(network)
    if (host === undefined) throw bridgeError('GH-BRIDGE-QUESTION', `There is no network '${network}' here.`)
    if (host.connector !== undefined && !supports(host.connector, 'accounts')) {
      throw bridgeError('GH-BRIDGE-QUESTION', `${network} is a network of servers: it has no accounts to link.`)
    }
    const owner = parseAddress(request.owner)
    if (owner === undefined) throw bridgeError('GH-BRIDGE-QUESTION', 'The owner is user@domain.')
    if (login === '' || login.length > 512) throw bridgeError('GH-BRIDGE-QUESTION', 'A login has 1 to 512 characters.')
    if (secret.length > LONGEST_SECRET) throw bridgeError('GH-BRIDGE-QUESTION', `A secret has at most ${LONGEST_SECRET} characters.`)
    const stored = await this.#deps.book.add({ network, owner, login, secret, settings, linkedBy: author })
    return create(LinkAccountResponseSchema, { id: stored.id })
  }

  async unlinkAccount({ network, owner }: UnlinkAccountRequest): Promise<UnlinkAccountResponse> {
    const address = parseAddress(owner)
    const account = address === undefined ? undefined : this.#deps.book.of(network, address)
    if (account === undefined) throw bridgeError('GH-BRIDGE-ACCOUNT-UNKNOWN', `${owner} on ${network}.`)
    await this.#deps.book.remove(account.id)
    return create(UnlinkAccountResponseSchema, {})
  }

  #stateOf(account: StoredAccount) {
    const { keeper, shelf } = this.#deps
    const state = shelf.account(account.id)
    return {
      id: account.id,
      network: account.network,
      owner: ownerOf(account),
      login: account.login,
      linkedAtMs: BigInt(Math.trunc(account.linkedAtMs)),
      linkedBy: account.linkedBy,
      replica: keeper.holderOf(account.id) ?? '',
      state: state?.state ?? 'connecting',
      code: state?.code ?? '',
      detail: state?.detail ?? '',
      sinceMs: BigInt(Math.trunc(state?.sinceMs ?? account.linkedAtMs)),
    }
  }
}

function ownerOf({ owner }: StoredAccount): string {
  return `${owner.user}@${owner.domain}`.toLowerCase()
}

/** The features of a network in the order of the kit. */
export function capabilitiesOf(host: NetworkHost): { feature: string; level: string }[] {
  const { capabilities } = host
  return capabilities === undefined ? [] : CAPABILITY_FEATURES.map((feature) => ({ feature, level: capabilities.features[feature] }))
}
