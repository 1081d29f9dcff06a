import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createRequest } from '@gatehouse/sip-core'
import { Authority } from '../authority/authority.ts'
import type { SipUser } from '../sip-user/sip-user.ts'
import { HomeServer } from './home-server.ts'
import { UserAgentCore } from './user-agent-core.ts'

/** Two servers that are each other's next hop, without a gate between them. */
describe('HomeServer', () => {
  const authority = Authority.create({ name: 'Lab' })
  const optionsOf = (domain: string, nextDomain: string, nextPort: number) => {
    const host = `home.${domain}`
    return {
      domain,
      host,
      address: '127.0.0.1',
      port: 0,
      certificate: authority.issue({ dns: [host] }),
      caPem: authority.certificate.certPem,
      nextHop: { host: `home.${nextDomain}`, address: '127.0.0.1', port: nextPort },
    }
  }
  const contoso = new HomeServer(optionsOf('contoso.example', 'fabrikam.example', 0))
  let fabrikam: HomeServer
  let alice: SipUser
  let carol: SipUser

  before(async () => {
    await contoso.start()
    fabrikam = new HomeServer(optionsOf('fabrikam.example', 'contoso.example', contoso.port))
    await fabrikam.start()
    contoso.setNextHop({ host: 'home.fabrikam.example', address: '127.0.0.1', port: fabrikam.port })
    alice = contoso.addUser('alice')
    carol = fabrikam.addUser('carol')
  })
  after(async () => {
    await contoso.stop()
    await fabrikam.stop()
  })

  it('carries a message each way and answers 404 and 415', async () => {
    assert.equal((await alice.sendMessage('carol@fabrikam.example', 'Grüße')).status, 200)
    const event = await carol.next('message')
    assert.deepEqual(event, {
      kind: 'message',
      from: 'alice@contoso.example',
      text: 'Grüße',
      contentType: 'text/plain',
      mark: undefined,
      isInSession: false,
    })
    assert.equal((await carol.sendMessage('alice@contoso.example', 'hi')).status, 200)
    assert.equal((await alice.sendMessage('nobody@fabrikam.example', 'x')).status, 404)
    assert.equal((await alice.sendMessage('carol@fabrikam.example', 'x', { contentType: 'image/gif' })).status, 415)
  })

  it('opens a session with the first text in the INVITE, types, talks and ends', async () => {
    const { answer, session } = await alice.openSession('carol@fabrikam.example', { firstText: 'first', media: 'x-ms-message' })
    assert.equal(answer.status, 200)
    assert.ok(session !== undefined)
    const first = await carol.next('message', 500).catch(() => undefined)
    assert.equal(first?.kind === 'message' && first.isInSession ? first.text : '', 'first')
    for (const dialect of ['microsoft', 'standard'] as const) {
      assert.equal((await session.sendTyping(true, dialect)).status, 200)
      assert.deepEqual(await carol.next('typing'), { kind: 'typing', from: 'alice@contoso.example', isActive: true })
    }
    assert.equal((await session.sendMessage('second')).status, 200)
    assert.equal((await session.close()).status, 200)
    const changes = carol.received.flatMap((event) => (event.kind === 'session' ? [event.change] : []))
    assert.deepEqual(changes, ['opened', 'closed'])
    assert.equal((await session.sendMessage('too late')).status, 481)
  })

  it('shows presence now, on change and at the end', async () => {
    const { answer, watch } = await carol.watch('alice@contoso.example')
    assert.equal(answer.status, 200)
    assert.deepEqual(await carol.next('presence'), { kind: 'presence', from: 'alice@contoso.example', isOpen: true, note: 'Available' })
    alice.setPresence(false, 'Gone <home> & away')
    const changed = await carol.next('presence')
    assert.equal(changed.kind === 'presence' ? changed.note : '', 'Gone <home> & away')
    assert.equal((await watch?.stop())?.status, 200)
    await carol.next('presence')
    alice.setPresence(true, 'Back')
    await assert.rejects(carol.next('presence', 30))
  })

  it('says 405 and 481 where it should, and 503 when nobody is there', async () => {
    const core = new UserAgentCore(
      { ...optionsOf('woodgrove.example', 'contoso.example', contoso.port) },
      { handleRequest: () => {}, handleCancel: () => {} },
    )
    await core.start()
    const send = async (method: string, toTag: string): Promise<number> => {
      const headers = [
        ['Max-Forwards', '70'],
        ['From', '<sip:eve@woodgrove.example>;tag=1'],
        ['To', `<sip:alice@contoso.example>${toTag}`],
        ['Call-ID', `${method}${toTag}`],
        ['CSeq', `1 ${method}`],
      ] as const
      return (await core.request(createRequest(method, 'sip:alice@contoso.example', headers))).status
    }
    assert.equal(await send('PUBLISH', ''), 405)
    assert.equal(await send('BYE', ';tag=unknown'), 481)
    await core.stop()
    const lonely = new HomeServer(optionsOf('adatum.example', 'nowhere.example', 1))
    assert.equal((await lonely.addUser('x').sendMessage('alice@contoso.example', 'x')).status, 503)
  })
})
