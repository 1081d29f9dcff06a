import { networkAddress } from '../ids.ts'
import { type Far, runConnectorConformance } from './conformance.ts'
import { LoopbackNetwork, loopback } from './loopback.ts'

const user = { user: 'alice', domain: 'contoso.example' }

runConnectorConformance({
  name: 'loopback',
  open: async (context) => {
    const network = new LoopbackNetwork('loop.example')
    const made = context()
    const connector = loopback(network).create({}, made)
    await connector.start()
    const far: Far = {
      say: async (text, options = {}) => void network.say('bob', user, text, options).catch(() => {}),
      whenRead: async (count) => {
        const lines = await network.whenHeard(count)
        return lines.flatMap(({ content }) => (content.kind === 'message' ? [content.text] : []))
      },
      goAway: async () => {
        network.isAway = true
      },
      comeBack: async () => {
        network.isAway = false
      },
    }
    return {
      connector,
      context: made,
      far,
      user,
      stranger: { user: 'bob', domain: network.domain },
      people: ['bob', 'Bob Smith', 'bob@fabrikam.example', 'bob(fabrikam.example)', 'a\\b'].map(networkAddress),
      close: async () => {},
    }
  },
})
