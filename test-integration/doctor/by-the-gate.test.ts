import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withRack } from '../peers-kit/peer-rack.ts'
import { type CliRun, GateYard } from './gate-pair.ts'

const OPEN = `apiVersion: gatehouse/v1
kind: FederationSettings
metadata: { name: settings }
spec: { enabled: true }
`

function internal(domain: string): string {
  return `---
apiVersion: gatehouse/v1
kind: InternalDomain
metadata: { name: ours }
spec: { domain: ${domain} }
`
}

function allowed(domain: string): string {
  return `---
apiVersion: gatehouse/v1
kind: AllowedDomain
metadata: { name: allowed }
spec: { domain: ${domain} }
`
}

function partner(spec: string): string {
  return `---
apiVersion: gatehouse/v1
kind: Partner
metadata: { name: fabrikam }
spec: { domains: [fabrikam.example], ${spec} }
`
}

const BLOCK = `---
apiVersion: gatehouse/v1
kind: BlockEntry
metadata: { name: block }
spec: { domain: fabrikam.example, owner: tester, reason: test }
`

interface Report {
  readonly result: string
  readonly first: string
  readonly steps: readonly { readonly name: string; readonly result: string; readonly code: string; readonly detail: string }[]
}

test(
  'the doctor in a running gate: its network, its certificate, its policy, its edge',
  withRack('doctor', async (rack, t) => {
    const yard = new GateYard(rack)
    await yard.open()
    const ours = `${OPEN}${internal('contoso.example')}`
    const contoso = await yard.addGate({ domain: 'contoso.example', policy: `${ours}${allowed('fabrikam.example')}` })
    // They let strangers write to them, we do not: their echo comes to our edge and no further.
    const friendly = OPEN.replace('enabled: true', 'enabled: true, unverified: { message: deliver }')
    const theirs = `${friendly}${internal('fabrikam.example')}${allowed('contoso.example')}`
    const fabrikam = await yard.addGate({ domain: 'fabrikam.example', policy: theirs, hasEcho: true })
    const examine = async (...args: string[]): Promise<Report> =>
      JSON.parse((await contoso.cli('doctor', 'fabrikam.example', '--json', ...args)).out) as Report
    const seen = ({ steps }: Report): string =>
      steps.map(({ name, result, code, detail }) => `${name} ${result} ${code} ${detail}`).join('\n')

    await rack.step(t, 'a partner in good health: every step is well, and the echo came back to our edge', async () => {
      const report = await examine()
      assert.deepEqual(
        report.steps.map(({ result }) => result),
        report.steps.map(() => 'ok'),
        seen(report),
      )
    })

    await rack.step(t, 'the message to the echo is on record there; the echo does not reach the home server here', async () => {
      const { out } = await fabrikam.cli('archive', 'search', '--json')
      assert.match(out, /echo@fabrikam\.example/)
      const back = await contoso.cli('archive', 'search', '--json')
      assert.match(back.out, /doctor@contoso\.example/)
    })

    await rack.step(t, 'an echo address that is off is no fault', async () => {
      const report = await examine('--echo', 'nobody')
      assert.deepEqual([report.result, report.steps.at(-1)?.code], ['ok', 'GH-DOCTOR-ECHO-NONE'], seen(report))
    })

    await rack.step(t, 'what our policy says against the partner', async () => {
      const edge = `edge: "sip.fabrikam.example:${fabrikam.externalPort}"`
      const cases: readonly (readonly [policy: string, code: string, overall: string])[] = [
        [`${ours}${allowed('fabrikam.example')}${BLOCK}`, 'GH-DOCTOR-POLICY-BLOCKED', 'fail'],
        [ours, 'GH-DOCTOR-POLICY-UNKNOWN', 'fail'],
        [`${ours}${allowed('fabrikam.example')}`.replace('enabled: true', 'enabled: false'), 'GH-DOCTOR-POLICY-OFF', 'fail'],
        [`${ours}${partner(`${edge}, enabled: false`)}`, 'GH-DOCTOR-POLICY-DISABLED', 'fail'],
        [`${ours}${partner(`${edge}, trust: [other]`)}`, 'GH-DOCTOR-CHAIN-STORE', 'fail'],
        [`${ours}${partner(`${edge}, pins: ["${'A'.repeat(43)}="]`)}`, 'GH-DOCTOR-NAME-PIN', 'fail'],
        [`${ours}${partner('edge: sip.elsewhere.example')}`, 'GH-DOCTOR-SRV-DIFFERS', 'fail'],
        [`${ours}${partner(`${edge}, trust: [lab], verification: alwaysVerifiable`)}`, '', 'ok'],
      ]
      for (const [policy, code, overall] of cases) {
        await contoso.apply(policy)
        const report = await examine()
        assert.equal(report.steps.find(({ result }) => result === 'fail' || result === 'warn')?.code ?? '', code, seen(report))
        assert.equal(report.result, overall, seen(report))
      }
    })

    await rack.step(t, 'the other side refuses us: 403 is what we see', async () => {
      await contoso.apply(`${ours}${allowed('fabrikam.example')}`)
      await fabrikam.apply(`${friendly}${internal('fabrikam.example')}`)
      const report = await examine()
      assert.deepEqual([report.result, report.first], ['fail', 'GH-DOCTOR-OPTIONS-FORBIDDEN'], seen(report))
    })

    await rack.step(t, 'for people and for monitoring', async () => {
      const human = await contoso.cli('doctor', 'fabrikam.example')
      assert.equal(human.code, 1)
      assert.match(human.out, /^ok {4}srv .*\n/m)
      assert.match(human.out, /^FAIL {2}options /m)
      assert.match(human.out, /for the partner: The partner admits our domain/)
      const critical = await contoso.cli('doctor', 'fabrikam.example', '--monitoring', '--skip-echo')
      assert.equal(critical.code, 2)
      assert.match(critical.out, /^GATEHOUSE CRITICAL - fabrikam\.example: options: .* \| time=\d+ms srv=\d+ms .*certificate_days=\d+\n$/)
      await fabrikam.apply(theirs)
      const fine = await contoso.cli('doctor', 'fabrikam.example', '--monitoring', '--skip-echo')
      assert.deepEqual([fine.code, fine.out.startsWith('GATEHOUSE OK - ')], [0, true], fine.out)
    })

    await rack.step(t, 'it is no scanner: domains of others only, no places, senders of ours, one run at a time', async () => {
      const refusals: readonly (readonly [CliRun, number, RegExp])[] = [
        [await contoso.cli('doctor', 'contoso.example'), 5, /GH-PEER-DIAGNOSIS-TARGET/],
        [await contoso.cli('doctor', 'fabrikam.example', '--from', 'eve@evil.example'), 5, /GH-PEER-DIAGNOSIS-TARGET/],
        [await contoso.cli('doctor', 'fabrikam.example', '--echo', 'x y'), 5, /GH-PEER-DIAGNOSIS-TARGET/],
        [await contoso.cli('doctor', 'fabrikam.example', '--at', '127.0.0.1:22'), 2, /runs here/],
        [await contoso.cli('doctor', '127.0.0.1:22'), 2, /not a domain/],
      ]
      for (const [run, code, text] of refusals) {
        assert.equal(run.code, code, run.out + run.err)
        assert.match(run.err, text)
      }
      const runs = await Promise.all([1, 2, 3].map(() => contoso.cli('doctor', 'fabrikam.example', '--skip-echo')))
      assert.equal(runs.filter(({ code }) => code === 0).length, 1)
      for (const { code, err } of runs) if (code !== 0) assert.match(err, /GH-PEER-DIAGNOSIS-BUSY/)
    })

    await rack.step(t, 'without a gate: unknown to monitoring, and the reason', async () => {
      const { code, out } = await contoso.cli('doctor', 'fabrikam.example', '--monitoring', '--config', 'nowhere.yaml')
      assert.equal(code, 3)
      assert.match(out, /^GATEHOUSE UNKNOWN - .*nowhere\.yaml/)
    })

    await rack.step(t, 'beside the gate, with its files', async () => {
      const args = ['--config', `${contoso.folder}/gatehouse.yaml`, '--skip-echo', '--json']
      const { code, out } = await contoso.cli('doctor', 'fabrikam.example', ...args)
      assert.equal(code, 0, out)
      assert.equal((JSON.parse(out) as Report).steps.find(({ name }) => name === 'policy')?.result, 'skipped')
    })
  }),
)
