import assert from 'node:assert/strict'
import { test } from 'node:test'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { headerOf, statusOf } from '../peers-kit/wire-message.ts'
import { skipWithoutXmppUser } from '../peers-kit/xmpp-user.ts'
import { JABBER, startTracedSite } from '../tracing/traced-site.ts'

const ALICE = 'alice@contoso.example'
const BOB = `sip:bob@${JABBER}`
const PLAIN = [['Content-Type', 'text/plain;charset=UTF-8']] as const

/** As `archive search --json` prints it. */
interface FoundRecord {
  readonly id: string
  readonly sequence: string
  readonly conversation: string
  readonly body: string
}

test(
  'One conversation over page mode, a session and an XMPP thread is found whole by any of its messages',
  { skip: skipWithout('kamailio', 'kamcmd', 'prosody', 'nats-server') || skipWithoutXmppUser(), timeout: 180_000 },
  withRack('one-conversation', async (rack, t) => {
    const { alice, bob, carol, archiveSocket, cli } = await startTracedSite(rack)
    const found = (...terms: readonly string[]): FoundRecord[] => {
      const printed = cli('archive', 'search', ...terms, '--json', '--reason', 'test', '--connect', archiveSocket)
      const records = (JSON.parse(printed) as { records: FoundRecord[] }).records.filter(({ body }) => body !== '')
      return records.sort((left, right) => Number(left.sequence) - Number(right.sequence))
    }
    const fromBob = async (id: string, text: string, thread = ''): Promise<string> => {
      bob.send(`<message to='${ALICE}' type='chat' id='${id}'>${thread}<body>${text}</body></message>`)
      return headerOf(await alice.waitForRequest('MESSAGE', ({ body }) => body === text), 'Call-ID')
    }
    const page = async (text: string): Promise<void> => {
      assert.equal(statusOf(await alice.request('MESSAGE', BOB, { headers: PLAIN, body: text })), 200)
      await bob.whenSeen(({ body }) => body === text)
    }

    await rack.step(t, 'it goes on by whatever way each side takes', async () => {
      const thread = '<thread>a-thread-of-bob</thread>'
      await fromBob('m1', 'one, in a thread', thread)
      await page('two, page mode')
      await page('three, page mode, another Call-ID')
      const { answer, dialog } = await alice.invite(BOB)
      assert.equal(statusOf(answer), 200, answer.startLine)
      assert.equal(statusOf(await dialog.request('MESSAGE', { headers: PLAIN, body: 'four, in a session' })), 200)
      await bob.whenSeen(({ body }) => body === 'four, in a session')
      assert.equal(await fromBob('m5', 'five, in the thread, into the session', thread), headerOf(answer, 'Call-ID'))
      assert.equal(statusOf(await dialog.request('BYE')), 200)
      await fromBob('m6', 'six, without a thread')
      const aside = await carol.request('MESSAGE', `sip:${ALICE}`, { headers: PLAIN, body: 'carol, aside' })
      assert.equal(statusOf(aside), 200, aside.startLine)
    })

    await rack.step(t, 'and is one, whichever of its messages is named', async () => {
      const said = ['one', 'two', 'three', 'four', 'five', 'six']
      const all = found('--domain', JABBER)
      assert.deepEqual(
        all.map(({ body }) => body.split(',')[0]),
        said,
      )
      assert.ok(new Set(all.map(({ conversation }) => conversation)).size >= 4, 'it had several Call-IDs and threads')
      for (const { id, body } of [all[0], all[3]] as FoundRecord[]) {
        const whole = found('--conversation', id)
        assert.deepEqual(
          whole.map((each) => each.body.split(',')[0]),
          said,
          `by ${body}`,
        )
      }
    })
  }),
)
