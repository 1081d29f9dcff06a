import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import type { Decision, MessageContent } from '@gatehouse/im-model'
import { decide, explain } from './decide.ts'
import type { ContentFilterSpec, PolicyObject } from './document.ts'
import type { DecisionInput } from './input.ts'
import { DecisionState } from './state/decision-state.ts'
import { federated, inbound, object, outbound, snapshotOf } from './testing/samples.ts'

function filter(name: string, more: Partial<ContentFilterSpec> = {}, action: ContentFilterSpec['links']['action'] = 'block'): PolicyObject {
  return object('ContentFilter', name, {
    links: {
      action,
      extraPrefixes: [],
      ignoreLocal: true,
      localDomains: [],
      warnText: action === 'warn' ? name : '',
      blockExtensions: true,
    },
    files: { action: 'blockList', extensions: ['.exe'] },
    patterns: [],
    scope: { directions: [], peerClasses: [], partners: [] },
    mode: 'enforce',
    ...more,
  })
}

const link = (): MessageContent => ({ contentType: 'text/plain', body: Buffer.from('www.fabrikam.example'), textFormat: [] })

function run(objects: readonly PolicyObject[], input: DecisionInput, judge: typeof decide = decide): Decision {
  const decision = judge(snapshotOf(...federated, ...objects), input, new DecisionState())
  assert.ok(!('need' in decision))
  return decision
}

describe('content rule', () => {
  it('refuses with its own code, status and a warning for the sender', () => {
    const decision = run([filter('links')], inbound({ content: link }))
    assert.equal(decision.code, 'GH-POLICY-CONTENT-LINK')
    assert.equal(decision.sipStatus, 606)
    assert.equal(decision.rule, 'content')
    assert.equal(decision.warning, 'The message was not delivered because it contains a hyperlink')
    assert.equal(decision.proof.at(-1)?.source, 'ContentFilter/links')
    assert.ok(!decision.reason.includes('fabrikam.example'), 'no word of the message in the reason')
  })
  it('asks for no content where no filter applies', () => {
    const content = (): never => assert.fail('content was asked for')
    assert.equal(run([], inbound({ content })).verdict, 'allow')
    const scoped = filter('links', { scope: { directions: ['outbound'], peerClasses: [], partners: [] } })
    assert.equal(run([scoped], inbound({ content })).verdict, 'allow')
    assert.equal(run([filter('links')], inbound({ content, kind: 'presence', method: 'NOTIFY' })).verdict, 'allow')
    assert.equal(run([filter('links')], inbound({ content, fromDomain: 'stranger.example' })).verdict, 'deny')
  })
  it('concerns whom its scope names', () => {
    const verdict = (scope: Partial<ContentFilterSpec['scope']>, input: DecisionInput): string =>
      run([filter('links', { scope: { directions: [], peerClasses: [], partners: [], ...scope } })], input).verdict
    assert.equal(verdict({ directions: ['inbound'] }, inbound({ content: link })), 'deny')
    assert.equal(verdict({ directions: ['inbound'] }, outbound({ content: link })), 'allow')
    assert.equal(verdict({ peerClasses: ['direct'] }, inbound({ content: link })), 'deny')
    assert.equal(verdict({ peerClasses: ['direct'] }, outbound({ content: link })), 'deny')
    assert.equal(verdict({ peerClasses: ['discovered'] }, inbound({ content: link })), 'allow')
    assert.equal(verdict({ partners: ['fabrikam'] }, outbound({ content: link })), 'deny')
    assert.equal(verdict({ partners: ['tailspin'] }, inbound({ content: link })), 'allow')
  })
  it('filters work one after another, each on what the one before left', () => {
    const decision = run([filter('b-block'), filter('a-neutral', {}, 'neutralise')], inbound({ content: link }))
    assert.equal(decision.verdict, 'allow', 'the blocking one finds no link any more')
    assert.equal(Buffer.from(decision.rewrite?.body ?? []).toString(), '_www.fabrikam.example')
    const warned = run([filter('one', {}, 'warn'), filter('two', {}, 'warn')], inbound({ content: link }))
    assert.match(
      Buffer.from(warned.rewrite?.body ?? []).toString(),
      /^\u2063\u2063two\u2063\u2063\r\nwww/,
      'the later notice replaces the earlier',
    )
  })
  it('observes without doing anything', () => {
    const decision = run([filter('links', { mode: 'observe' })], inbound({ content: link }))
    assert.equal(decision.verdict, 'allow')
    assert.equal(decision.rewrite, undefined)
    const step = decision.proof.find(({ rule }) => rule === 'content')
    assert.match(step?.detail ?? '', /^observed, not enforced: would be GH-POLICY-CONTENT-LINK/)
    assert.equal(step?.source, 'ContentFilter/links')
  })
  it('explains a pass', () => {
    const content = (): MessageContent => ({ contentType: 'text/plain', body: Buffer.from('hello'), textFormat: [] })
    const step = run([filter('links')], inbound({ content }), explain).proof.find(({ rule }) => rule === 'content')
    assert.deepEqual([step?.code, step?.detail], ['pass', 'nothing was found'])
  })
})
