import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRequest } from '../message/create-request.ts'
import { createResponse } from '../message/create-response.ts'
import type { SipMessage } from '../message/sip-message.ts'
import type { SipRequest } from '../message/sip-request.ts'
import { sampleRequest } from '../testing/sample-messages.ts'
import type { ClientTransaction } from './client-transaction.ts'
import { inviteClientMachine } from './invite-client-machine.ts'
import { inviteServerMachine } from './invite-server-machine.ts'
import { requestClientMachine } from './request-client-machine.ts'
import { requestServerMachine } from './request-server-machine.ts'
import type { ServerTransaction } from './server-transaction.ts'
import { TransactionLayer } from './transaction-layer.ts'
import type { ConnectionId, TransactionUser } from './transaction-user.ts'

const visited = new Set<string>()

/** One layer, one connection, one transaction, driven by words; everything it does is written down. */
class Script implements TransactionUser {
  readonly trace: string[] = []
  readonly layer: TransactionLayer
  nowMs = 0
  server: ServerTransaction | undefined
  client: ClientTransaction | undefined
  #request: SipRequest

  constructor(method: string) {
    this.#request = sampleRequest(method)
    this.layer = new TransactionLayer(this, {
      newTag: () => 'made-up',
      onArc: (machine, from, input, to) => {
        if (to !== '') visited.add(`${machine} ${from} ${input}`)
      },
    })
  }

  run(script: string): this {
    for (const word of script.split(' ')) this.#step(word)
    return this
  }

  get state(): string {
    return (this.server ?? this.client)?.state ?? 'none'
  }

  #step(word: string): void {
    if (word === 'start') this.client = this.layer.startClient(1, this.#request, this.nowMs, undefined)
    else if (word === 'receive') this.layer.handleMessage(1, this.#request, this.nowMs)
    else if (word === 'receive-ack') this.layer.handleMessage(1, this.#again('ACK'), this.nowMs)
    else if (word === 'receive-cancel') this.layer.handleMessage(1, this.#again('CANCEL'), this.nowMs)
    else if (word === 'cancel') this.layer.cancel(this.client as ClientTransaction, this.nowMs)
    else if (word === 'lost') this.layer.handleConnectionClosed(1, this.nowMs)
    else if (word.startsWith('+')) {
      this.nowMs += Number(word.slice(1))
      this.layer.handleTimeout(this.nowMs)
    } else if (word.startsWith('answer-')) {
      const response = createResponse(this.#request, Number(word.slice(7)), undefined, { toTag: 'bob-1' })
      this.layer.respond(this.server as ServerTransaction, response, this.nowMs)
    } else this.layer.handleMessage(1, createResponse(this.#request, Number(word), undefined, { toTag: 'bob-1' }), this.nowMs)
  }

  #again(method: string): SipRequest {
    const headers = ['Via', 'From', 'To', 'Call-ID'].map((name) => [name, this.#request.headers.first(name) ?? ''] as const)
    return createRequest(method, this.#request.requestUri, [...headers, ['CSeq', `1 ${method}`]])
  }

  onRequest(transaction: ServerTransaction): void {
    this.server = transaction
    this.trace.push('request')
  }
  onAck(): void {
    this.trace.push('ack')
  }
  onCancel(): void {
    this.trace.push('cancelled')
  }
  onResponse(_transaction: ClientTransaction, response: SipMessage): void {
    this.trace.push(`up ${response.isRequest ? '' : response.status}`)
  }
  onFailure(_transaction: ClientTransaction, why: string): void {
    this.trace.push(why)
  }
  onStrayResponse(): void {
    this.trace.push('stray')
  }
  onServerLost(): void {
    this.trace.push('server lost')
  }
  onServerEnd(): void {
    this.trace.push('end')
  }
  send(_connection: ConnectionId, message: SipMessage): void {
    this.trace.push(message.isRequest ? `> ${message.method}` : `> ${message.status} ${message.cseq()?.method}`)
  }
}

/** [method, what happens, what is done about it, the state after it]; deadlines by the table of RFC 3261 with T1 = 500 ms. */
const rows: readonly (readonly [string, string, string, string])[] = [
  // RFC 3261 §17.1.1, RFC 6026 §7.2: invite client
  ['INVITE', 'start 100', '> INVITE, up 100', 'proceeding'],
  ['INVITE', 'start 180 180 100', '> INVITE, up 180, up 180, up 100', 'proceeding'],
  ['INVITE', 'start 200', '> INVITE, up 200', 'accepted'],
  ['INVITE', 'start 180 200 200 +31999 200', '> INVITE, up 180, up 200, up 200, up 200', 'accepted'],
  ['INVITE', 'start 200 180 486', '> INVITE, up 200', 'accepted'],
  ['INVITE', 'start 200 +32000 200', '> INVITE, up 200, stray', 'terminated'],
  ['INVITE', 'start 200 lost', '> INVITE, up 200', 'terminated'],
  ['INVITE', 'start 486', '> INVITE, > ACK, up 486', 'terminated'],
  ['INVITE', 'start 180 302 302', '> INVITE, up 180, > ACK, up 302, stray', 'terminated'],
  ['INVITE', 'start +31999', '> INVITE', 'calling'],
  ['INVITE', 'start +32000', '> INVITE, timeout', 'terminated'],
  ['INVITE', 'start lost lost', '> INVITE, connection-lost', 'terminated'],
  ['INVITE', 'start 180 lost', '> INVITE, up 180, connection-lost', 'terminated'],
  // timer C (§16.6 step 11, §16.7 step 2, §16.8): 181 s from the last 101–199, not from a 100
  ['INVITE', 'start 180 +180999', '> INVITE, up 180', 'proceeding'],
  ['INVITE', 'start 180 +181000', '> INVITE, up 180, > CANCEL', 'cancelling'],
  ['INVITE', 'start 180 +180000 180 +180999', '> INVITE, up 180, up 180', 'proceeding'],
  ['INVITE', 'start 180 +180000 100 +1000', '> INVITE, up 180, up 100, > CANCEL', 'cancelling'],
  ['INVITE', 'start 180 +181000 +32000', '> INVITE, up 180, > CANCEL, timeout', 'terminated'],
  // CANCEL (§9.1)
  ['INVITE', 'start cancel cancel', '> INVITE', 'cancel-wanted'],
  ['INVITE', 'start cancel 100', '> INVITE, > CANCEL, up 100', 'cancelling'],
  ['INVITE', 'start cancel 180 487', '> INVITE, > CANCEL, up 180, > ACK, up 487', 'terminated'],
  ['INVITE', 'start cancel 200', '> INVITE, up 200', 'accepted'],
  ['INVITE', 'start cancel 503', '> INVITE, > ACK, up 503', 'terminated'],
  ['INVITE', 'start cancel +32000', '> INVITE, timeout', 'terminated'],
  ['INVITE', 'start cancel lost', '> INVITE, connection-lost', 'terminated'],
  ['INVITE', 'start 180 cancel cancel 100 183 487', '> INVITE, up 180, > CANCEL, up 100, up 183, > ACK, up 487', 'terminated'],
  ['INVITE', 'start 180 cancel 200 cancel', '> INVITE, up 180, > CANCEL, up 200', 'accepted'],
  ['INVITE', 'start 180 cancel 180 +32000', '> INVITE, up 180, > CANCEL, up 180, timeout', 'terminated'],
  ['INVITE', 'start 180 cancel lost', '> INVITE, up 180, > CANCEL, connection-lost', 'terminated'],
  ['INVITE', 'start 486 cancel', '> INVITE, > ACK, up 486', 'terminated'],
  // RFC 3261 §17.1.2: request client
  ['MESSAGE', 'start 200 200', '> MESSAGE, up 200, stray', 'terminated'],
  ['MESSAGE', 'start 100 100 404', '> MESSAGE, up 100, up 100, up 404', 'terminated'],
  ['MESSAGE', 'start +31999', '> MESSAGE', 'calling'],
  ['MESSAGE', 'start +32000', '> MESSAGE, timeout', 'terminated'],
  ['MESSAGE', 'start +31000 100 +1000', '> MESSAGE, up 100, timeout', 'terminated'],
  ['MESSAGE', 'start lost', '> MESSAGE, connection-lost', 'terminated'],
  ['MESSAGE', 'start 100 lost', '> MESSAGE, up 100, connection-lost', 'terminated'],
  ['MESSAGE', 'start cancel 100 cancel', '> MESSAGE, up 100', 'proceeding'],
  // RFC 3261 §17.2.1, RFC 6026 §7.1: invite server
  ['INVITE', 'receive receive +199', 'request', 'trying'],
  ['INVITE', 'receive +200 receive', 'request, > 100 INVITE, > 100 INVITE', 'proceeding'],
  ['INVITE', 'receive answer-180 +200 answer-183', 'request, > 180 INVITE, > 183 INVITE', 'proceeding'],
  ['INVITE', 'receive answer-200 receive answer-200', 'request, > 200 INVITE, > 200 INVITE', 'accepted'],
  ['INVITE', 'receive answer-180 answer-200 receive-ack +31999', 'request, > 180 INVITE, > 200 INVITE, ack', 'accepted'],
  ['INVITE', 'receive answer-200 answer-180 answer-486', 'request, > 200 INVITE', 'accepted'],
  ['INVITE', 'receive answer-200 +32000', 'request, > 200 INVITE, end', 'terminated'],
  ['INVITE', 'receive answer-200 lost', 'request, > 200 INVITE, end', 'terminated'],
  ['INVITE', 'receive answer-486 receive receive-ack', 'request, > 486 INVITE, > 486 INVITE, end', 'terminated'],
  ['INVITE', 'receive answer-180 answer-486 answer-200', 'request, > 180 INVITE, > 486 INVITE', 'completed'],
  ['INVITE', 'receive answer-486 +31999', 'request, > 486 INVITE', 'completed'],
  ['INVITE', 'receive answer-486 +32000', 'request, > 486 INVITE, end', 'terminated'],
  ['INVITE', 'receive answer-486 lost', 'request, > 486 INVITE, end', 'terminated'],
  ['INVITE', 'receive receive-ack', 'request', 'trying'],
  ['INVITE', 'receive lost answer-180 answer-200', 'request, server lost, end', 'terminated'],
  ['INVITE', 'receive answer-180 lost answer-486', 'request, > 180 INVITE, server lost, end', 'terminated'],
  ['INVITE', 'receive lost +245000', 'request, server lost, end', 'terminated'],
  ['INVITE', 'receive answer-180 +244999', 'request, > 180 INVITE', 'proceeding'],
  ['INVITE', 'receive answer-180 +245000', 'request, > 180 INVITE, > 408 INVITE', 'completed'],
  // CANCEL (§9.2)
  ['INVITE', 'receive receive-cancel answer-487', 'request, > 200 CANCEL, cancelled, > 487 INVITE', 'completed'],
  ['INVITE', 'receive answer-200 receive-cancel', 'request, > 200 INVITE, > 200 CANCEL', 'accepted'],
  ['INVITE', 'receive answer-486 receive-cancel', 'request, > 486 INVITE, > 200 CANCEL', 'completed'],
  ['INVITE', 'receive-cancel', '> 481 CANCEL', 'none'],
  ['MESSAGE', 'receive receive-cancel', 'request, > 200 CANCEL', 'trying'],
  // RFC 3261 §17.2.2, RFC 4320 §4.1: request server
  ['MESSAGE', 'receive receive answer-200 answer-200', 'request, > 200 MESSAGE, end', 'terminated'],
  ['MESSAGE', 'receive +3499', 'request', 'trying'],
  ['MESSAGE', 'receive +3500 receive', 'request, > 100 MESSAGE, > 100 MESSAGE', 'proceeding'],
  ['MESSAGE', 'receive answer-100 answer-100 answer-404', 'request, > 100 MESSAGE, > 404 MESSAGE, end', 'terminated'],
  ['MESSAGE', 'receive answer-183', 'request', 'trying'],
  ['MESSAGE', 'receive +3500 answer-183', 'request, > 100 MESSAGE', 'proceeding'],
  ['MESSAGE', 'receive answer-408', 'request, end', 'terminated'],
  ['MESSAGE', 'receive +3500 answer-408', 'request, > 100 MESSAGE, end', 'terminated'],
  ['MESSAGE', 'receive +3500 +28500 answer-200', 'request, > 100 MESSAGE, end', 'terminated'],
  ['MESSAGE', 'receive lost answer-200', 'request, server lost, end', 'terminated'],
  ['MESSAGE', 'receive +3500 lost answer-408', 'request, > 100 MESSAGE, server lost, end', 'terminated'],
  ['MESSAGE', 'receive lost +28500', 'request, server lost, end', 'terminated'],
]

for (const [method, script, trace, state] of rows) {
  test(`${method}: ${script}`, () => {
    const run = new Script(method).run(script)
    assert.equal(run.trace.join(', '), trace)
    assert.equal(run.state, state)
    const isOpen = state !== 'terminated' && state !== 'none'
    assert.equal(run.layer.openServerTransactions() + run.layer.openClientTransactions(), isOpen ? 1 : 0)
    assert.equal(run.layer.nextDeadlineMs() !== undefined, isOpen)
  })
}

test('the rows above walk every arc of every state machine', () => {
  const missing: string[] = []
  for (const machine of [inviteClientMachine, requestClientMachine, inviteServerMachine, requestServerMachine]) {
    for (const [state, arcs] of Object.entries(machine.arcs)) {
      for (const input of Object.keys(arcs))
        if (!visited.has(`${machine.name} ${state} ${input}`)) missing.push(`${machine.name} ${state} ${input}`)
    }
  }
  assert.deepEqual(missing, [])
})
