import assert from 'node:assert/strict'
import { request } from 'node:https'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { GatewayError } from '@gatehouse/errors'
import { policyKindNames, resourceNames } from '@gatehouse/policy-document'
import type { PolicyKind } from '@gatehouse/policy-engine'
import { ApplyRequestSchema, HistoryRequestSchema } from '@gatehouse/proto'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { startKube } from '../peers-kit/kube-api.ts'
import type { KubeAnswer } from '../peers-kit/kube-client.ts'
import {
  conditionsOf,
  NAMESPACE,
  objectOf,
  type PolicySite,
  PolicySites,
  pathOf,
  prepareCluster,
  webhookConfiguration,
} from '../peers-kit/kube-policy-site.ts'
import { withRack } from '../peers-kit/peer-rack.ts'

const WAIT_MS = 60_000
const PAUSE_MS = 5
const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations'
const LOCAL = { signal: new AbortController().signal, caller: 'local', remote: '' }

/** Resolves with the first value that is not undefined. */
async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = performance.now() + WAIT_MS
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (performance.now() > deadline) throw new Error(`it did not come to this: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

function namesInForce({ follower }: PolicySite): readonly string[] {
  return (follower.current(Date.now())?.document.objects ?? []).map(({ kind, name }) => `${kind}/${name}`)
}

async function revisionOf({ service }: PolicySite): Promise<number> {
  const { revisions } = await service.admin.history(create(HistoryRequestSchema, { limit: 1 }), LOCAL)
  return Number(revisions[0]?.revision ?? 0n)
}

const SETTINGS = objectOf('FederationSettings', 'default', { enabled: true })
const INSIDE = objectOf('InternalDomain', 'contoso', { domain: 'contoso.example' })
const FABRIKAM = objectOf('Partner', 'fabrikam', { domains: ['fabrikam.example'], edge: 'sip.fabrikam.example' })
const block = (name: string, domain: string): object => objectOf('BlockEntry', name, { domain, owner: 'security', reason: 'incident 12' })

test(
  'policy as custom resources of a real API server',
  { skip: skipWithout('kube-apiserver', 'etcd') },
  withRack('kube-policy', async (rack, t) => {
    const kube = rack.add(await startKube(rack.path('kube')))
    const { admin } = kube
    const token = await prepareCluster(kube)
    const sites = new PolicySites(rack, kube, token)
    const apply = async (object: object): Promise<KubeAnswer> => {
      const { kind, metadata } = object as { kind: PolicyKind; metadata: { name: string } }
      return await admin.apply(pathOf(kind, metadata.name), object)
    }
    const accepted = async (object: object): Promise<void> => {
      const answer = await apply(object)
      assert.ok(answer.status === 200 || answer.status === 201, JSON.stringify(answer.body))
    }
    const settled = (kind: PolicyKind, name: string, pattern: RegExp): Promise<readonly string[]> =>
      until(`${kind}/${name} says ${pattern}`, async () => {
        const answer = await admin.get(pathOf(kind, name))
        const generation = answer.body.metadata?.generation
        const conditions = conditionsOf(answer)
        const isCurrent = answer.body.status?.observedGeneration === generation
        return isCurrent && conditions.some((line) => pattern.test(line)) ? conditions : undefined
      })

    await rack.step(t, 'every definition is taken and served', async () => {
      for (const kind of policyKindNames) {
        const { plural } = resourceNames[kind]
        await until(`${kind} is established`, async () => {
          const { body } = await admin.get(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.policy.gatehouse.internal`)
          const conditions = body.status?.conditions
          const broken = conditions?.find(({ type }) => type === 'NonStructuralSchema' || type === 'Terminating')
          assert.equal(broken, undefined, broken?.message)
          return conditions?.some(({ type, status }) => type === 'Established' && status === 'True') === true ? true : undefined
        })
      }
    })

    await rack.step(t, 'the role allows what is needed, and nothing else', async () => {
      const account = kube.client(token)
      // 429: the server is still preparing the store of a new kind
      await until('the account may list', async () => {
        const { status } = await account.get(pathOf('Partner'))
        assert.ok(status === 200 || status === 429, `${status}`)
        return status === 200 ? true : undefined
      })
      for (const path of [`/api/v1/namespaces/${NAMESPACE}/secrets`, '/apis/policy.gatehouse.internal/v1alpha1/partners']) {
        assert.equal((await account.get(path)).status, 403, path)
      }
      assert.equal((await account.post(pathOf('Partner'), FABRIKAM)).status, 403)
      account.close()
    })

    const first = await sites.start()
    rack.onStop(() => first.stop())

    await rack.step(t, 'what is applied comes into force, and each object says where', async () => {
      for (const object of [SETTINGS, INSIDE, FABRIKAM]) await accepted(object)
      const conditions = await settled('Partner', 'fabrikam', /^InForce True/)
      assert.match(conditions.join('\n'), /^Accepted True Accepted: \nInForce True AllReplicas: in force on 1\/1 replicas, revision \d+$/)
      assert.ok(namesInForce(first).includes('Partner/fabrikam'))
      const { revisions } = await first.service.admin.history(create(HistoryRequestSchema, { limit: 10 }), LOCAL)
      assert.ok(revisions.every(({ author }) => author === 'kubernetes'))
      assert.match(revisions.map(({ reason }) => reason).join(), /namespace gatehouse: .*Partner\/fabrikam added/)
    })

    await rack.step(t, 'nothing is written when nothing changed', async () => {
      await settled('InternalDomain', 'contoso', /^InForce True/)
      const [revision, before] = [await revisionOf(first), await admin.get(pathOf('Partner', 'fabrikam'))]
      const label = { metadata: { labels: { team: 'im' } } }
      await admin.send('PATCH', pathOf('Partner', 'fabrikam'), label, 'application/merge-patch+json')
      // a change that comes after it is in force: the label has been seen
      await accepted(block('marker', 'marker.example'))
      await settled('BlockEntry', 'marker', /^InForce True/)
      const after = await admin.get(pathOf('Partner', 'fabrikam'))
      assert.deepEqual(after.body.status, before.body.status)
      assert.equal(await revisionOf(first), revision + 1)
    })

    await rack.step(t, 'a deleted block entry blocks no longer', async () => {
      assert.ok(namesInForce(first).includes('BlockEntry/marker'))
      assert.equal((await admin.delete(pathOf('BlockEntry', 'marker'))).status, 200)
      await until('the block is lifted', () => (namesInForce(first).includes('BlockEntry/marker') ? undefined : true))
    })

    await rack.step(t, 'without the webhook a mistake is stored, told in the status, and changes nothing', async () => {
      const revision = await revisionOf(first)
      await accepted(objectOf('Partner', 'woodgrove', { domains: ['woodgrove.example'], expirs: '2027-01-31' }))
      const alone = await settled('Partner', 'woodgrove', /^Accepted False/)
      assert.match(
        alone.join('\n'),
        /^Accepted False UnknownKey: .*unknown key 'expirs'.*\(GH-DOCUMENT-UNKNOWN-KEY\)\. Correct its spelling/,
      )
      await accepted(objectOf('Partner', 'thief', { domains: ['fabrikam.example'] }))
      const taken = await settled('Partner', 'thief', /^Accepted False/)
      assert.match(
        taken.join('\n'),
        /'fabrikam\.example' belongs to Partner\/thief too|'fabrikam\.example' belongs to Partner\/fabrikam too/,
      )
      assert.equal(await revisionOf(first), revision)
      // and takes no other with it
      await accepted(block('beside', 'beside.example'))
      await settled('BlockEntry', 'beside', /^InForce True/)
    })

    await rack.step(t, 'a mistake in a change leaves the version before it in force, until it is mended', async () => {
      await accepted(objectOf('Partner', 'fabrikam', { domains: ['fabrikam.example', 'contoso.example'], edge: 'sip.fabrikam.example' }))
      const conditions = await settled('Partner', 'fabrikam', /^Accepted False/)
      assert.match(
        conditions.join('\n'),
        /'contoso\.example' is an internal domain \(GH-DOCUMENT-INTERNAL\).*What was in force of it before stays/,
      )
      assert.match(conditions.join('\n'), /InForce False NotAccepted: An earlier version is in force on 1\/1 replicas/)
      assert.ok(namesInForce(first).includes('Partner/fabrikam'))
      await accepted(objectOf('Partner', 'fabrikam', { domains: ['fabrikam.example', 'fabrikam.test'], edge: 'sip.fabrikam.example' }))
      await settled('Partner', 'fabrikam', /^InForce True/)
      for (const name of ['woodgrove', 'thief']) await admin.delete(pathOf('Partner', name))
    })

    await rack.step(t, 'what the cluster owns is changed there only', async () => {
      const files = [
        {
          name: 'p.yaml',
          text: 'apiVersion: gatehouse/v1\nkind: BlockEntry\nmetadata: {name: x}\nspec: {domain: x.example, owner: a, reason: b}\n',
        },
      ]
      await assert.rejects(
        first.service.admin.apply(create(ApplyRequestSchema, { files }), LOCAL),
        (thrown) => thrown instanceof GatewayError && thrown.code === 'GH-REVISION-CLUSTER' && /BlockEntry\/x/.test(thrown.message),
      )
    })

    await rack.step(t, 'the webhook refuses mistakes at once, in our words; a dry run too', async () => {
      assert.equal((await admin.post(WEBHOOKS, webhookConfiguration(first.webhookPort, first.webhookCa))).status, 201)
      const wrong = objectOf('Partner', 'woodgrove', { domains: ['*.woodgrove.example'] })
      // an API server takes a new webhook over when it has heard of it
      const refusal = await until('the webhook is asked', async () => {
        const answer = await admin.post(`${pathOf('Partner')}?dryRun=All`, wrong)
        return answer.status === 422 || answer.status === 400 || answer.status === 403 ? answer : undefined
      })
      assert.match(
        refusal.body.message,
        /admission webhook "policy\.gatehouse\.internal" denied the request: Partner\/woodgrove: .*spec\.domains\[0\].*write 'woodgrove\.example'.*\(GH-DOCUMENT-VALUE\)\. Write what the message asks for/,
      )
      const thief = await apply(objectOf('Partner', 'thief', { domains: ['fabrikam.example'] }))
      assert.match(thief.body.message, /'fabrikam\.example' belongs to Partner\/fabrikam too \(GH-DOCUMENT-DUPLICATE-ENTRY\)/)
      assert.equal((await admin.get(pathOf('Partner', 'thief'))).status, 404)
      const unknown = await admin.post(
        `${pathOf('Partner')}?fieldValidation=Ignore`,
        objectOf('Partner', 'typo', { domain: ['typo.example'] }),
      )
      assert.match(unknown.body.message, /unknown key 'domain'; did you mean 'domains'\?|spec\.domains: Required value/)
      const odd = await admin.post(`${pathOf('BlockEntry')}?dryRun=All`, block('ourselves', 'contoso.example'))
      assert.deepEqual([odd.status, odd.warnings.length], [201, 1])
      assert.match(odd.warnings.join(), /covers the internal domain/)
      assert.equal((await admin.get(pathOf('BlockEntry', 'ourselves'))).status, 404, 'a dry run leaves nothing')
    })

    await rack.step(t, 'what was changed a moment before counts: a domain moves from one partner to another', async () => {
      await accepted(objectOf('Partner', 'fabrikam', { domains: ['fabrikam.example'], edge: 'sip.fabrikam.example' }))
      await accepted(objectOf('Partner', 'tailspin', { domains: ['fabrikam.test'] }))
      await settled('Partner', 'tailspin', /^InForce True/)
      // and what is referred to may come after
      const routed = await apply(objectOf('FederationSettings', 'default', { enabled: true, defaultRoute: 'hub' }))
      assert.match(routed.warnings.join(), /'defaultRoute' names no Clearinghouse/)
      await accepted(objectOf('Clearinghouse', 'hub', { edge: 'hub.example.org' }))
      await settled('FederationSettings', 'default', /^InForce True/)
      await admin.delete(pathOf('Clearinghouse', 'hub'))
      const needed = await settled('FederationSettings', 'default', /was deleted and stays in force/)
      assert.match(needed.join('\n'), /^Accepted True AcceptedWithWarnings: .*Clearinghouse\/hub/)
      assert.ok(namesInForce(first).includes('Clearinghouse/hub'))
      await accepted(SETTINGS)
      await until('what nobody needs goes', () => (namesInForce(first).includes('Clearinghouse/hub') ? undefined : true))
    })

    await rack.step(t, 'hostile objects: too large, of the wrong shape, with a name too many', async () => {
      const many = Array.from({ length: 9_000 }, (_, at) => `partner-number-${at}.example`)
      await accepted(objectOf('Partner', 'large', { domains: many }))
      await settled('Partner', 'large', /^InForce True/)
      await admin.delete(pathOf('Partner', 'large'))
      const giant = objectOf('Group', 'giant', { members: Array.from({ length: 90_000 }, (_, at) => `user-number-${at}@contoso.example`) })
      const refusedGiant = await admin.post(pathOf('Group'), giant)
      assert.ok(refusedGiant.status >= 400, `${refusedGiant.status}`)
      for (const spec of [null, 7, [], 'text', { domains: {} }, { domains: [[]] }, { domains: ['a.example'], methods: { allow: 7 } }]) {
        const answer = await admin.post(pathOf('Partner'), objectOf('Partner', 'shape', spec))
        assert.ok(answer.status >= 400 && answer.status < 500, JSON.stringify(spec))
      }
      const second = await admin.post(pathOf('Limits'), objectOf('Limits', 'another', {}))
      assert.match(second.body.message, /there is one Limits, and its name is 'default'/)
      assert.ok((await admin.post(pathOf('Partner'), { ...objectOf('Partner', 'x', {}), kind: 'BlockEntry' })).status >= 400)
      await accepted(block('after', 'after.example'))
      await settled('BlockEntry', 'after', /^InForce True/)
    })

    await rack.step(t, 'the webhook’s port takes no nonsense', async () => {
      const post = (body: Buffer | string, method = 'POST', path = '/validate'): Promise<number> => sendTo(first, body, method, path)
      assert.equal(await post('{}', 'GET'), 404)
      assert.equal(await post('{}', 'POST', '/'), 404)
      for (const body of [
        '',
        'x',
        '[]',
        '{}',
        '{"apiVersion":"admission.k8s.io/v1"}',
        '{"apiVersion":"admission.k8s.io/v1beta1","request":{"uid":"u"}}',
      ]) {
        assert.equal(await post(body), 400, body)
      }
      assert.equal(await post(Buffer.alloc(9 * 1_048_576, 0x20)), 413)
      const strange = {
        apiVersion: 'admission.k8s.io/v1',
        request: { uid: 'u', kind: { group: '', kind: 'Secret' }, namespace: NAMESPACE },
      }
      assert.equal(await post(JSON.stringify(strange)), 200)
    })

    assert.equal((await admin.delete(`${WEBHOOKS}/gatehouse-policy`)).status, 200)

    await rack.step(t, 'of two policy services one makes the revisions; the other goes on when it is gone', async () => {
      const second = await sites.start()
      rack.onStop(() => second.stop())
      await until('both replicas have the revision', async () => {
        const answer = await admin.get(pathOf('Partner', 'fabrikam'))
        return answer.body.status?.inForce === '2/2' ? true : undefined
      })
      const before = await revisionOf(second)
      await accepted(block('once', 'once.example'))
      await settled('BlockEntry', 'once', /^InForce True AllReplicas: in force on 2\/2/)
      assert.equal(await revisionOf(second), before + 1)
      await first.stop()
      await accepted(block('twice', 'twice.example'))
      await settled('BlockEntry', 'twice', /^InForce True AllReplicas: in force on 1\/1/)
      assert.equal(await revisionOf(second), before + 2)
    })

    const last = await sites.start()
    rack.onStop(() => last.stop())

    await rack.step(t, 'an API server that dies takes nothing away, and what comes after it is back counts', async () => {
      const inForce = namesInForce(last)
      kube.apiServer().killNow()
      await kube.apiServer().ended
      await until('the health says so', () => {
        const check = last.service.health().checks.find(({ name }) => name === 'kubernetes')
        return check?.isOk === false && /GH-KUBERNETES-AWAY/.test(check.detail) ? true : undefined
      })
      assert.deepEqual(namesInForce(last), inForce)
      assert.equal(last.service.health().isReady, true, 'replicas are served all the same')
      await kube.startApiServer()
      await accepted(block('later', 'later.example'))
      await settled('BlockEntry', 'later', /^InForce True/)
      await until('the health says so', () =>
        last.service.health().checks.find(({ name }) => name === 'kubernetes')?.isOk === true ? true : undefined,
      )
    })

    await rack.step(t, 'a place in the past is gone, and the server says 410', async () => {
      const { body } = await admin.get(`${pathOf('BlockEntry')}?watch=1&resourceVersion=1&timeoutSeconds=1`)
      assert.equal(body.object?.code ?? body.code, 410, JSON.stringify(body))
    })

    await rack.step(t, 'from apply to in force', async () => {
      const times: number[] = []
      for (let at = 0; at < 21; at++) {
        const startedMs = performance.now()
        await accepted(block(`timed-${at}`, `timed-${at}.example`))
        await until('it is in force', () => (namesInForce(last).includes(`BlockEntry/timed-${at}`) ? true : undefined))
        times.push(performance.now() - startedMs)
      }
      times.sort((left, right) => left - right)
      const told = (share: number): string => `${Math.round(times[Math.floor((times.length - 1) * share)] ?? 0)} ms`
      t.diagnostic(`from apply to in force on the replica, ${times.length} times: median ${told(0.5)}, longest ${told(1)}`)
    })

    await rack.step(t, 'an empty cluster empties no policy', async () => {
      for (const kind of policyKindNames) await admin.delete(pathOf(kind))
      await until('the health says so', () => {
        const check = last.service.health().checks.find(({ name }) => name === 'kubernetes')
        return check !== undefined && /GH-KUBERNETES-EMPTY|another replica acts/.test(check.detail) ? true : undefined
      })
      assert.ok(namesInForce(last).length > 0)
    })
  }),
)

function sendTo({ webhookPort, webhookCa }: PolicySite, body: Buffer | string, method: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: webhookPort, method, path, ca: webhookCa, headers: { 'content-length': Buffer.byteLength(body) } },
      (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      },
    )
    let answered = false
    sent.once('response', () => {
      answered = true
    })
    // a body that is refused half way breaks the connection after the answer
    sent.on('error', (thrown) => (answered ? undefined : reject(thrown)))
    sent.end(method === 'GET' ? undefined : body)
  })
}
