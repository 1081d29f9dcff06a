import { type ConnectorContext, type Incoming, remoteId } from '@gatehouse/bridge-kit'
import { errorsOf } from '@gatehouse/errors'
import { type ImAddress, parseAddress } from '@gatehouse/im-model'
import type { ConfirmMessageRequest, GatewayService, ReceiveMessagesRequest, SendMessageRequest } from '@gatehouse/proto'
import type { RpcContext, RpcHandlers } from '@gatehouse/rpc'
import type { Applications } from './applications.ts'
import { gatewayApiCodes } from './errors.ts'
import type { Mailbox, NumberedParcel } from './mailbox.ts'

const gatewayError = errorsOf(gatewayApiCodes)
const LONGEST_ID = 255

export interface GatewayHandlersDeps {
  readonly applications: Applications
  /** The mailbox of an application that was admitted. */
  readonly mailbox: (application: string) => Mailbox
  readonly receive: ConnectorContext['receive']
  readonly server: string
}

/** The calls of applications (`gateway.proto`). */
export class GatewayHandlers implements RpcHandlers<typeof GatewayService> {
  readonly #deps: GatewayHandlersDeps

  constructor(deps: GatewayHandlersDeps) {
    this.#deps = deps
  }

  async sendMessage(request: SendMessageRequest, { caller, remote, trace }: RpcContext) {
    const { applications, receive, server } = this.#deps
    applications.admit(request.application, caller)
    const from = addressOf('from_address', request.fromAddress)
    applications.admitSender(request.application, from)
    const { code, detail, isCertain, retry, status } = await receive({ ...messageOf(request, from, { remote, server }), trace })
    return { status, code, detail, certain: isCertain, retry }
  }

  async *receiveMessages(
    { application }: ReceiveMessagesRequest,
    { caller, signal }: RpcContext,
  ): AsyncGenerator<Omit<NumberedParcel, 'receivedAtMs'> & { receivedAtMs: bigint }> {
    this.#deps.applications.admit(application, caller)
    for await (const parcel of this.#deps.mailbox(application).read(signal)) {
      yield { ...parcel, receivedAtMs: BigInt(Math.trunc(parcel.receivedAtMs)) }
    }
  }

  async confirmMessage({ application, receipt, taken }: ConfirmMessageRequest, { caller }: RpcContext) {
    this.#deps.applications.admit(application, caller)
    return { inTime: this.#deps.mailbox(application).confirm(receipt, taken) }
  }
}

function messageOf(request: SendMessageRequest, from: ImAddress, source: Incoming['source']): Incoming {
  const { application, conversation, messageId, text } = request
  if (text === '') throw gatewayError('GH-GATEWAY-REQUEST', 'text is empty.')
  if (messageId.length > LONGEST_ID || conversation.length > LONGEST_ID) {
    throw gatewayError('GH-GATEWAY-REQUEST', `message_id and conversation have at most ${LONGEST_ID} characters.`)
  }
  return {
    side: 'internal',
    from,
    to: addressOf('to_address', request.toAddress),
    conversation,
    // two applications may count alike
    remoteId: remoteId(messageId === '' ? '' : `${application}/${messageId}`),
    content: { kind: 'message', messageId, text },
    method: 'SEND',
    evidence: { class: 'V3', by: 'application' },
    source,
  }
}

function addressOf(field: string, text: string): ImAddress {
  const address = parseAddress(text)
  if (address === undefined) throw gatewayError('GH-GATEWAY-REQUEST', `${field} is no address user@domain.`)
  return address
}
