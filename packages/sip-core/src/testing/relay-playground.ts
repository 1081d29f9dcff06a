import { createRequest } from '../message/create-request.ts'
import { createResponse } from '../message/create-response.ts'
import type { SipMessage } from '../message/sip-message.ts'
import type { ClientTransaction } from '../transaction/client-transaction.ts'
import { FakeNetwork, FakeNode } from './fake-network.ts'
import { FakeProxy } from './fake-proxy.ts'
import { sampleRequest } from './sample-messages.ts'

const METHODS = ['INVITE', 'INVITE', 'MESSAGE', 'SUBSCRIBE', 'ACK', 'CANCEL', 'BYE', 'x-odd']
const STATUSES = [100, 180, 183, 199, 200, 202, 299, 302, 404, 408, 487, 503, 503, 600]
const WAITS_MS = [0, 1, 3, 150, 200, 3_500, 20_000, 32_000, 181_000]

/** What happens, to whom, how; the numbers pick from what there is. */
export type Operation = readonly [kind: (typeof OPERATION_KINDS)[number], which: number, what: number]
export const OPERATION_KINDS = [
  'request',
  'request',
  'answer',
  'answer',
  'forward',
  'forward',
  'refuse',
  'cancel',
  'ack',
  'repeat',
  'stray',
  'cut',
  'wait',
  'wait',
] as const

/** alice, a proxy that forwards when told, and bob, with two links on each side; every operation is legal at any time. */
export class RelayPlayground {
  readonly network = new FakeNetwork()
  readonly alice = this.network.add(new FakeNode(this.network, 'alice'))
  readonly proxy = this.network.add(new FakeProxy(this.network, 'proxy', { maxServerTransactions: 12, maxClientTransactions: 9 }))
  readonly bob = this.network.add(new FakeNode(this.network, 'bob'))
  readonly #aliceLinks: number[] = []
  readonly #bobLinks: number[] = []
  readonly #links: number[] = []
  readonly #clients: ClientTransaction[] = []
  #number = 0

  constructor() {
    for (let link = 0; link < 2; link++) {
      const [aliceEnd, aliceProxyEnd] = this.network.connect(this.alice, this.proxy)
      const [bobProxyEnd, bobEnd] = this.network.connect(this.proxy, this.bob)
      this.#aliceLinks.push(aliceEnd)
      this.#bobLinks.push(bobProxyEnd)
      this.#links.push(aliceEnd, aliceProxyEnd, bobProxyEnd, bobEnd)
    }
  }

  do([kind, which, what]: Operation): void {
    const nowMs = this.network.nowMs
    switch (kind) {
      case 'request':
        return this.#request(which, what)
      case 'answer': {
        const server = pick(this.bob.servers, which)
        if (server !== undefined)
          this.bob.layer.respond(server, createResponse(server.request, status(what), undefined, { toTag: 'b' }), nowMs)
        return
      }
      case 'forward': {
        const relay = pick(this.proxy.relays, which)
        if ((what & 1) === 1) this.proxy.retryOn.push(pick(this.#bobLinks, what)!)
        if (relay !== undefined) this.proxy.forward(relay, pick(this.#bobLinks, what)!)
        return
      }
      case 'refuse': {
        const relay = pick(this.proxy.relays, which)
        relay?.refuse(createResponse(relay.server.request, 403, undefined, { toTag: 'p' }), nowMs)
        return
      }
      case 'cancel': {
        const client = pick(this.#clients, which)
        if (client !== undefined) this.alice.layer.cancel(client, nowMs)
        return
      }
      case 'ack':
        return this.#inject(
          pick([this.proxy, this.bob], what)!,
          followUp((what & 2) === 0 ? 'ACK' : 'CANCEL', this.#anyRequest(which)),
          what,
        )
      case 'repeat':
        return this.#inject(pick([this.proxy, this.bob, this.alice], what)!, this.#anyMessage(which), what)
      case 'stray': {
        const request = this.#anyRequest(which)
        return this.#inject(pick([this.proxy, this.alice], what)!, request && createResponse(request, status(what)), what)
      }
      case 'cut':
        return this.network.cut(pick(this.#links, which)!)
      case 'wait':
        return this.network.run(pick(WAITS_MS, what)!)
    }
  }

  #request(which: number, what: number): void {
    const method = pick(METHODS, which)!
    const branch = `z9hG4bK${what % 4 === 0 ? this.#number : ++this.#number}`
    const request = sampleRequest(method, { branch, callId: `${what}@contoso.example`, maxForwards: what % 7 === 0 ? 1 : 70 })
    const client = this.alice.layer.startClient(pick(this.#aliceLinks, what)!, request, this.network.nowMs, undefined)
    if (client !== undefined) this.#clients.push(client)
  }

  /** What nobody would send there, or not now: handed to a node as if it had come on some link of its own. */
  #inject(node: FakeNode, message: SipMessage | undefined, what: number): void {
    if (message === undefined) return
    node.handle(pick(this.#links, what)!, message.isRequest ? message.copy() : message.copy())
  }

  #anyMessage(which: number): SipMessage | undefined {
    return pick([...this.alice.received, ...this.proxy.received, ...this.bob.received], which)
  }

  #anyRequest(which: number): ReturnType<typeof sampleRequest> | undefined {
    const message = this.#anyMessage(which)
    return message?.isRequest === true ? message : pick(this.#clients, which)?.request
  }

  /** Whatever happened: after the longest chain of timers nothing may be left anywhere. Gives what is left all the same. */
  leftovers(): string[] {
    this.network.run(2_000_000)
    const left: string[] = []
    for (const [name, node] of Object.entries({ alice: this.alice, proxy: this.proxy, bob: this.bob })) {
      const { layer } = node
      if (layer.openServerTransactions() > 0) left.push(`${name}: open server transactions`)
      if (layer.openClientTransactions() > 0) left.push(`${name}: open client transactions`)
      if (layer.nextDeadlineMs() !== undefined) left.push(`${name}: a deadline`)
      if (node.endedServers !== node.servers.length) left.push(`${name}: requests without an end`)
      if (this.#links.some((link) => layer.openServerTransactions(link) + layer.openClientTransactions(link) > 0)) {
        left.push(`${name}: transactions in the book of a connection`)
      }
    }
    return left
  }
}

function pick<T>(from: readonly T[], which: number): T | undefined {
  return from[which % from.length]
}

function status(what: number): number {
  return pick(STATUSES, what)!
}

function followUp(method: 'ACK' | 'CANCEL', request: ReturnType<typeof sampleRequest> | undefined): SipMessage | undefined {
  if (request === undefined) return undefined
  const copied = ['Via', 'From', 'To', 'Call-ID'].map((name) => [name, request.headers.first(name) ?? ''] as const)
  return createRequest(method, request.requestUri, [...copied, ['CSeq', `1 ${method}`]])
}
