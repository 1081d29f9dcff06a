import { networkAddress } from '@gatehouse/bridge-kit'
import { runConnectorConformance } from '@gatehouse/bridge-kit/test'
import { type Gate, TwoGates } from './testing/two-gates.ts'

const USER = { user: 'alice', domain: 'contoso.example' }
const STRANGER = { user: 'bob', domain: 'fabrikam.example' }

// The far side is a connector of ours: what other servers make of it is tested with Prosody and ejabberd (test-integration/peers).
runConnectorConformance({
  name: 'xmpp',
  open: async (makeContext) => {
    const gates = new TwoGates()
    let far: Gate = await gates.open(STRANGER.domain)
    const near = await gates.open(USER.domain, makeContext)
    const earlier: string[] = []
    const refusals: string[] = []
    const read = (): string[] => [
      ...earlier,
      ...far.context.received.flatMap(({ content }) => (content.kind === 'message' ? [content.text] : [])),
      ...refusals,
    ]
    return {
      connector: near.connector,
      context: near.context,
      stranger: STRANGER,
      user: USER,
      people: ['bob@fabrikam.example', 'o\\27hara@fabrikam.example', 'a\\40b@fabrikam.example', '\u00fcber@fabrikam.example'].map(
        networkAddress,
      ),
      far: {
        say: (text, options) => {
          const message = { kind: 'message', messageId: options?.id ?? `s${Math.random()}`, text } as const
          void far.connector.send(gates.handover(STRANGER, USER, message)).then((outcome) => {
            if (outcome.status === 'failed') refusals.push(outcome.detail)
          })
          return Promise.resolve()
        },
        whenRead: async (count) => {
          while (read().length < count) await new Promise((resolve) => setTimeout(resolve, 5))
          return read()
        },
        goAway: async () => {
          earlier.push(...read())
          await far.close()
        },
        comeBack: async () => {
          far = await gates.open(STRANGER.domain)
          // A server that is back writes to those it has something for; then we know that it is there.
          await far.connector.sendTyping(gates.handover(STRANGER, USER, { kind: 'typing', state: 'active' }))
          await near.context.whenReceived(({ content }) => content.kind === 'typing')
        },
      },
      close: async () => {
        await far.close()
        await near.close()
      },
    }
  },
})
