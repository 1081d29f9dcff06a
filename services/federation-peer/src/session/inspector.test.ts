import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { type AskInspector, type InspectAnswer, InspectorCalls, type InspectQuestion } from '@gatehouse/inspection'
import { Authority } from '@gatehouse/lab'
import type { PolicyObject } from '@gatehouse/policy-engine'
import { ArchiveRecordSchema, type Entry, InspectorService, InspectVerdict } from '@gatehouse/proto'
import { createRpcServer, type RpcTls } from '@gatehouse/rpc'
import { createRequest, createResponse, encodeMessage } from '@gatehouse/sip-core'
import { GateRig } from './gate-rig.ts'

function inspector(
  onFailure: 'open' | 'closed' = 'closed',
  target = 'unix:/run/inspector.sock',
  directions: ['outbound'] | [] = [],
  mode: 'enforce' | 'observe' = 'enforce',
): PolicyObject {
  const scope = { directions, peerClasses: [], partners: [] }
  return { kind: 'Inspector', name: 'dlp', spec: { target, deadlineMs: 2_000, onFailure, scope, kinds: ['message', 'session'], mode } }
}

interface Outcome {
  readonly rig: GateRig
  readonly partner: ReturnType<GateRig['open']>
  readonly entry: () => Entry | undefined
}

async function send(policy: PolicyObject, askInspector: AskInspector, method = 'MESSAGE', text = 'hello'): Promise<Outcome> {
  const rig = new GateRig({ policy: [policy], askInspector })
  const partner = rig.open('external', ['sip.fabrikam.example'])
  const carried =
    method === 'MESSAGE'
      ? (['Content-Type', 'text/plain'] as const)
      : (['ms-text-format', `text/plain; charset=UTF-8;ms-body=${Buffer.from(text).toString('base64')};msgr=WAA`] as const)
  const headers: readonly (readonly [string, string])[] = [
    ['Via', 'SIP/2.0/TLS client.example.net:5061;branch=z9hG4bKinspect'],
    ['Max-Forwards', '70'],
    ['From', '<sip:carol@fabrikam.example>;tag=a1'],
    ['To', '<sip:alice@contoso.example>'],
    ['Call-ID', 'call-inspect'],
    ['CSeq', `1 ${method}`],
    ['Contact', '<sip:carol@client.example.net>'],
    carried,
  ]
  partner.receive(encodeMessage(createRequest(method, 'sip:alice@contoso.example', headers, Buffer.from(method === 'MESSAGE' ? text : ''))))
  await rig.settle()
  const entry = (): Entry | undefined => {
    const [bytes] = rig.archived()
    const record = bytes === undefined ? undefined : fromBinary(ArchiveRecordSchema, bytes)
    return record?.content.case === 'entry' ? record.content.value : undefined
  }
  return { rig, partner, entry }
}

function answer(verdict: InspectVerdict, reason = '', body = ''): InspectAnswer {
  return { verdict, reason, body: Buffer.from(body) }
}

describe('inspector', () => {
  it('on trial is asked, and its refusal, its absence and its changes are noted while the message passes as it is', async () => {
    const onTrial = inspector('closed', undefined, [], 'observe')
    const refusing = await send(onTrial, async () => answer(InspectVerdict.BLOCK, 'a virus'))
    assert.equal(refusing.rig.inside.requests().length, 1)
    assert.deepEqual(
      refusing.entry()?.decision?.observed.map(({ code, detail, source }) => [code, detail, source]),
      [['GH-POLICY-INSPECTOR-BLOCKED', 'a virus', 'Inspector/dlp']],
    )
    refusing.rig.inside.receive(encodeMessage(createResponse(refusing.rig.inside.requests()[0]!, 200)))
    assert.deepEqual(refusing.rig.observed, ['inspector GH-POLICY-INSPECTOR-BLOCKED'])
    const away = await send(onTrial, () => Promise.reject(new Error('nobody is there')))
    assert.equal(away.rig.inside.requests().length, 1)
    assert.equal(away.entry()?.decision?.observed[0]?.code, 'GH-POLICY-INSPECTOR-AWAY')
    const altering = await send(onTrial, async () => answer(InspectVerdict.ALTER, 'a number', 'hello *'))
    assert.equal(Buffer.from(altering.rig.inside.requests()[0]!.body).toString(), 'hello')
  })

  it('is asked before anything is recorded or passed on', async () => {
    const questions: InspectQuestion[] = []
    let release: (value: InspectAnswer) => void = () => assert.fail('nobody asked')
    const { rig, entry } = await send(inspector(), (_call, question) => {
      questions.push(question)
      return new Promise((resolve) => {
        release = resolve
      })
    })
    assert.equal(rig.archived().length, 0)
    assert.equal(rig.inside.requests().length, 0)
    release(answer(InspectVerdict.ALLOW, 'clean'))
    await rig.settle()
    assert.equal(rig.inside.requests().length, 1)
    const [question] = questions
    assert.equal(question?.text, 'hello')
    assert.equal(question?.fromAddress, 'carol@fabrikam.example')
    assert.equal(question?.partner, 'fabrikam')
    const step = entry()?.decision?.proof.at(-1)
    assert.deepEqual([step?.rule, step?.code, step?.detail, step?.source], ['inspector', 'pass', 'clean', 'Inspector/dlp'])
  })

  it('blocks: 606 and a warning without the reason outside, the reason on record', async () => {
    const { rig, partner, entry } = await send(inspector(), async () => answer(InspectVerdict.BLOCK, 'a virus'))
    const [refused] = partner.responses()
    assert.equal(refused?.status, 606)
    assert.match(refused?.headers.first('Warning') ?? '', /^309 .*because of its content"$/)
    assert.equal(rig.inside.requests().length, 0)
    assert.equal(entry()?.decision?.verdict, 'deny')
    assert.equal(entry()?.decision?.code, 'GH-POLICY-INSPECTOR-BLOCKED')
    assert.match(entry()?.decision?.reason ?? '', /a virus/)
    assert.equal(rig.session.layer.openServerTransactions(), 0)
  })

  it('alters a body, and the first message in an INVITE', async () => {
    const ask: AskInspector = async () => answer(InspectVerdict.ALTER, 'hidden', 'number [hidden]')
    const message = await send(inspector(), ask)
    const [forwarded] = message.rig.inside.requests()
    assert.equal(Buffer.from(forwarded?.body ?? []).toString(), 'number [hidden]')
    assert.equal(forwarded?.contentLength(), 15)
    assert.equal(Buffer.from(message.entry()?.envelope?.body ?? []).toString(), 'hello')
    assert.equal(Buffer.from(message.entry()?.envelope?.alteredBody ?? []).toString(), 'number [hidden]')
    const invite = await send(inspector(), ask, 'INVITE')
    const encoded = Buffer.from('number [hidden]').toString('base64')
    assert.equal(invite.rig.inside.requests()[0]?.headers.first('ms-text-format'), `text/plain; charset=UTF-8;ms-body=${encoded};msgr=WAA`)
  })

  it('that is away refuses for now when closed, and is noted when open', async () => {
    const away: AskInspector = () => Promise.reject(new Error('connection refused'))
    const closed = await send(inspector('closed'), away)
    assert.equal(closed.partner.responses()[0]?.status, 503)
    assert.equal(closed.partner.responses()[0]?.headers.first('Retry-After'), '5')
    assert.equal(closed.partner.responses()[0]?.headers.has('Warning'), false)
    const open = await send(inspector('open'), away)
    assert.equal(open.rig.inside.requests().length, 1)
    assert.equal(open.entry()?.decision?.proof.at(-1)?.code, 'failed-open')
    const silent = await send(inspector('closed'), async () => answer(InspectVerdict.UNSPECIFIED))
    assert.equal(silent.partner.responses()[0]?.status, 503)
  })

  it('is not asked about what is outside its scope', async () => {
    const { rig } = await send(inspector('closed', undefined, ['outbound']), () => assert.fail('asked'))
    assert.equal(rig.inside.requests().length, 1)
  })

  it('is a gRPC service', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-inspector-'))
    const target = `unix:${folder}/run/inspector.sock`
    const server = createRpcServer({ listen: target, log: { debug: () => undefined, error: () => undefined } })
    server.add(InspectorService, { inspect: async ({ text }) => answer(InspectVerdict.ALTER, '', text.toUpperCase()) })
    await server.start()
    const calls = new InspectorCalls(undefined)
    const { rig } = await send(inspector('closed', target), (call, question) => calls.ask(call, question))
    while (rig.inside.requests().length === 0) await rig.settle()
    assert.equal(Buffer.from(rig.inside.requests()[0]?.body ?? []).toString(), 'HELLO')
    calls.close()
    await server.stop()
    rmSync(folder, { recursive: true })
  })

  it('is reached over TCP with mutual TLS, and only with certificates that both sides trust', async () => {
    const authority = Authority.create({ name: 'Services' })
    const stranger = Authority.create({ name: 'Strangers' })
    const tlsOf = (issuer: Authority, name: string): RpcTls => {
      const issued = issuer.issue({ commonName: name, dns: [name, 'localhost'] })
      return { certPem: issued.chainPem, keyPem: issued.keyPem, caPem: authority.certificate.certPem }
    }
    const callers: string[] = []
    const log = { debug: () => undefined, error: () => undefined }
    const server = createRpcServer({ listen: '127.0.0.1:0', tls: tlsOf(authority, 'dlp.contoso.example'), log })
    server.add(InspectorService, {
      inspect: async (_question, { caller }) => {
        callers.push(caller)
        return answer(InspectVerdict.BLOCK, 'secret')
      },
    })
    const target = (await server.start()).replace('127.0.0.1', 'localhost')
    const ask = async (tls: RpcTls | undefined): Promise<string | undefined> => {
      const calls = new InspectorCalls(tls)
      const { rig, entry } = await send(inspector('closed', target), (call, question) => calls.ask(call, question))
      while (rig.archived().length === 0) await rig.settle()
      calls.close()
      return entry()?.decision?.code
    }
    assert.equal(await ask(tlsOf(authority, 'edge.contoso.example')), 'GH-POLICY-INSPECTOR-BLOCKED')
    assert.equal(await ask(tlsOf(stranger, 'edge.contoso.example')), 'GH-POLICY-INSPECTOR-AWAY')
    assert.equal(await ask(undefined), 'GH-POLICY-INSPECTOR-AWAY', 'TCP without certificates is not spoken')
    assert.deepEqual(callers, ['edge.contoso.example'])
    await server.stop(0)
  })
})
