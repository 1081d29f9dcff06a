import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GatewayError } from '@gatehouse/errors'
import { diffPolicy, parsePolicy } from '@gatehouse/policy-document'
import type { ArchivingSpec, PolicyObject } from '@gatehouse/policy-engine'
import { exportLcs } from './export-lcs.ts'
import { importLcs } from './import-lcs.ts'
import { lcsClasses } from './lcs-properties.ts'

function object(kind: string, name: string, spec: string): string {
  return `apiVersion: gatehouse/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n---\n`
}

function read(text: string, inForce: readonly PolicyObject[] = []): readonly PolicyObject[] {
  const { isValid, objects, problems } = parsePolicy([{ name: 'p', text }], { nowMs: 0, inForce })
  assert.ok(isValid, JSON.stringify(problems))
  return objects
}

const POLICY = read(
  object('FederationSettings', 'ours', '{enabled: true, discovery: true, defaultRoute: house, methods: {deny: [INFO]}}') +
    object('InternalDomain', 'contoso', '{domain: contoso.example}') +
    object(
      'Partner',
      'fabrikam',
      '{domains: [fabrikam.example, fabrikam.net.example], edge: sip.fabrikam.example, verification: alwaysUnverifiable, links: 2}',
    ) +
    object('Partner', 'found', '{domains: [found.example]}') +
    object('Clearinghouse', 'house', '{edge: "edge.house.example:5062"}') +
    object('Provider', 'public', '{edge: sip.provider.example, enabled: true, verification: alwaysVerifiable}') +
    object('AllowedDomain', 'w', '{domain: woodgrove.example}') +
    object('AllowedDomain', 'n', '{domain: northwind.example, verification: alwaysVerifiable}') +
    object('UserRights', 'bob', '{user: bob@contoso.example, federation: false}'),
)

/** As the tool of the time might have written it. */
const FILE = `<?xml version="1.0"?>
<Configuration Level="Server" Role="AP">
  <Class Name="MSFT_SIPFederationExternalEdgeSetting">
    <Property Name="EnableFederation" Value="TRUE"/>
    <property name="AllowAutomaticFederation">true</property>
    <property name="AllowAllDomainsForAutoFederation">0</property>
    <property name="FilterVerbs"><value>info</value><value>PUBLISH</value></property>
    <property name="DNSCacheTableSize">1000</property>
    <property name="AcceptAnyDestinationDomain">false</property>
    <property name="FutureSwitch">7 &amp; 8</property>
  </Class>
  <Class Name="MSFT_SIPFederationDirectPartnerTable">
    <Instance>
      <property name="Domain">Fabrikam.example</property>
      <property name="DirectPartnerName">Fabrikam, Inc.</property>
      <property name="EdgeProxyAddress">SIP.fabrikam.example</property>
      <property name="UserVerificationLevel">AlwaysUnverifiable</property>
      <property name="OutgoingTLSCountForDirectPartnerRoute">40</property>
      <property name="IncomingTLSCountForDirectPartnerRoute">40</property>
    </Instance>
    <Instance>
      <property name="Domain">tailspin.example</property>
      <property name="UserVerificationLevel">Sometimes</property>
    </Instance>
  </Class>
  <Class Name="MSFT_SIPFederationDeniedDomainSetting"><property name="DomainName"><value>evil.example</value><value>worse.example</value></property></Class>
  <Class Name="MSFT_SIPFederationInternalEdgeSetting"><property name="InternalNextHop">pool.contoso.example</property></Class>
  <Class Name="MSFT_SIPWhatever"><property name="Something">else</property></Class>
</Configuration>`

function isCode(code: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof GatewayError && thrown.code === code
}

describe('import', () => {
  it('takes over what has a place and lists all the rest', () => {
    const { text, notes } = importLcs(FILE, [])
    const objects = read(text)
    const of = (kind: string, name: string): unknown => objects.find((each) => each.kind === kind && each.name === name)?.spec
    assert.deepEqual(Object.entries(of('FederationSettings', 'default') as object).slice(0, 2), [
      ['enabled', true],
      ['discovery', false],
    ])
    const partner = of('Partner', 'fabrikam-inc') as Record<string, unknown>
    assert.deepEqual(
      [partner['domains'], partner['edge'], partner['verification'], partner['links']],
      [['fabrikam.example'], 'sip.fabrikam.example', 'alwaysUnverifiable', 4],
    )
    assert.equal(objects.filter(({ kind }) => kind === 'BlockEntry').length, 2)
    const told = new Map(notes.map((note) => [note.property, note.place]))
    assert.equal(told.get('FutureSwitch'), 'unknown')
    assert.equal(told.get('Something'), 'unknown')
    assert.equal(told.get('InternalNextHop'), 'bootstrap')
    assert.equal(told.get('DNSCacheTableSize'), 'absent')
    assert.equal(told.get('UserVerificationLevel'), 'policy')
    assert.equal(notes.find(({ property }) => property === 'FutureSwitch')?.value, '7 & 8')
  })

  it('drops nothing silently: every property of the table is carried over or told', () => {
    for (const { name, properties } of lcsClasses) {
      for (const property of properties) {
        const { notes, objects } = importLcs(`<x><c name="${name}"><property name="${property.name}">zzz</property></c></x>`, [])
        if (property.place !== 'policy') assert.equal(notes.find((note) => note.property === property.name)?.place, property.place, name)
        else assert.ok(notes.length > 0 || objects > 0, `${name}.${property.name}`)
      }
    }
  })

  it('takes over what is archived: of whom, of which traffic, and whether the gate stops without it', () => {
    const values: readonly [string, string, string][] = [
      ['MSFT_SIPGlobalArchivingSetting', 'ArchiveDefault', 'false'],
      ['MSFT_SIPGlobalArchivingSetting', 'ArchiveFederationDefault', 'true'],
      ['MSFT_SIPGlobalArchivingSetting', 'ArchiveFederationDefaultWithoutBody', 'true'],
      ['MSFT_SIPLogSetting', 'Critical', 'false'],
    ]
    const users = ['Always', 'AlwaysWithoutBody', 'Never', 'GlobalDefault'].map(
      (mode) =>
        `<c name="MSFT_SIPESUserSetting"><i id="${mode}"><property name="PrimaryURI">sip:${mode}@contoso.example</property><property name="ArchivingEnabled">${mode}</property></i></c>`,
    )
    const classes = ['MSFT_SIPGlobalArchivingSetting', 'MSFT_SIPLogSetting'].map((name) => {
      const properties = values
        .filter(([of]) => of === name)
        .map(([, property, value]) => `<property name="${property}">${value}</property>`)
      return `<c name="${name}">${properties.join('')}</c>`
    })
    const objects = read(importLcs(`<x>${[...classes, ...users].join('')}</x>`, []).text)
    const archiving = objects.find(({ kind }) => kind === 'Archiving')?.spec as ArchivingSpec
    assert.deepEqual(
      [archiving.duty, archiving.internal, archiving.federation, archiving.publicNetworks],
      ['bestEffort', 'off', 'envelope', 'envelope'],
    )
    const modes = objects.flatMap((each) => (each.kind === 'UserRights' ? [`${each.spec.user} ${each.spec.archiving}`] : [])).sort()
    assert.deepEqual(modes, [
      'always@contoso.example body',
      'alwayswithoutbody@contoso.example envelope',
      'globaldefault@contoso.example undefined',
      'never@contoso.example off',
    ])
    assert.deepEqual(exportLcs(objects).notCarried, [])
  })

  it('leaves alone what the file does not name, and does nothing the second time', () => {
    const file =
      '<x><c name="MSFT_SIPFederationDirectPartnerTable"><property name="Domain">fabrikam.net.example</property><property name="UserVerificationLevel">AlwaysVerifiable</property></c></x>'
    const once = read(importLcs(file, POLICY).text, POLICY)
    assert.deepEqual(
      diffPolicy(POLICY, once).map(({ action, object: key }) => `${action} ${key}`),
      ['changed Partner/fabrikam'],
    )
    const partner = once.find(({ name }) => name === 'fabrikam')
    assert.ok(partner?.kind === 'Partner' && partner.spec.links === 2 && partner.spec.domains.length === 2)
    assert.deepEqual(diffPolicy(once, read(importLcs(file, once).text, once)), [])
  })

  it('takes one level only when asked to', () => {
    const file =
      '<x><pool><c name="MSFT_SIPESUserSetting"><property name="PrimaryURI">sip:a@contoso.example</property></c></pool><server><c name="MSFT_SIPFederationInternalDomainData"><property name="SupportedInternalDomain">contoso.example</property></c></server></x>'
    assert.match(importLcs(file, [], 'pool').text, /UserRights/)
    assert.doesNotMatch(importLcs(file, [], 'pool').text, /InternalDomain/)
    assert.equal(importLcs(file, []).objects, 2)
  })

  it('refuses what is no export, and never runs away', () => {
    const bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x><property name="n">&b;</property></x>'
    for (const text of [
      '',
      'no xml',
      '<x>',
      bomb,
      '<x><property name="n">&other;</property></x>',
      `${'<a>'.repeat(99)}${'</a>'.repeat(99)}`,
      '<a></b>',
    ])
      assert.throws(() => importLcs(text, []), isCode('GH-LCS-XML'), text.slice(0, 40))
    assert.throws(() => importLcs('<x/>', []), isCode('GH-LCS-EMPTY'))
    assert.throws(() => importLcs(' '.repeat(17 * 1_048_576), []), isCode('GH-LCS-XML'))
    for (let at = 0; at < FILE.length; at += 7) {
      try {
        importLcs(FILE.slice(0, at) + FILE.slice(at + 3), POLICY)
      } catch (thrown) {
        assert.ok(thrown instanceof GatewayError, `${at}: ${String(thrown)}`)
      }
    }
  })
})

describe('export', () => {
  it('comes back whole, and says what does not', () => {
    const { xml, notCarried } = exportLcs(POLICY)
    assert.deepEqual(notCarried, [])
    assert.deepEqual(diffPolicy(POLICY, read(importLcs(xml, POLICY).text, POLICY)), [])
    const pinned = read(object('Partner', 'p', '{domains: [a.example], edge: sip.a.example, requireClientAuth: true}'))
    assert.deepEqual(
      exportLcs(pinned).notCarried.map(({ action }) => action),
      ['changed'],
    )
  })

  it('export, delete a setting, import: it is back, whichever it is', () => {
    const { xml } = exportLcs(POLICY)
    for (const gone of POLICY) {
      const without = POLICY.filter((each) => each !== gone)
      const restored = read(importLcs(xml, without).text, without)
      assert.deepEqual(diffPolicy(POLICY, restored), [], `${gone.kind}/${gone.name}`)
    }
  })

  it('brings back the switches of the gate and its default route together, under their own names', () => {
    const { xml } = exportLcs(POLICY)
    const without = POLICY.filter(({ kind }) => kind !== 'FederationSettings' && kind !== 'Clearinghouse')
    assert.equal(without.length, POLICY.length - 2)
    assert.deepEqual(diffPolicy(POLICY, read(importLcs(xml, without).text, without)), [])
    // a file of the tool of the time names nothing
    const unnamed = xml.replaceAll(/ id="[^"]*"/g, '')
    assert.match(importLcs(unnamed, without).text, /"default-route"/)
  })

  it('exports one level, and writes names that XML would trip over', () => {
    assert.doesNotMatch(exportLcs(POLICY, 'pool').xml, /<server>/)
    assert.match(exportLcs(POLICY, 'pool').xml, /sip:bob@contoso.example/)
    assert.match(exportLcs([], 'global').xml, /<LcsSettings>/)
  })
})
