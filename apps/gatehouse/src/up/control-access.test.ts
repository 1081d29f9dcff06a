import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GatewayError } from '@gatehouse/errors'
import { BridgeService, LiveService, OutboxService, PeeringService } from '@gatehouse/proto'
import type { RpcContext, RpcService } from '@gatehouse/rpc'
import { ControlAccess, callNeeds, controlRoleNames } from './control-access.ts'

const SERVICES = [PeeringService, OutboxService, BridgeService, LiveService]
const access = new ControlAccess(controlRoleNames.map((role) => ({ caller: `${role}.contoso.example`, role })))
const as = (caller: string): RpcContext => ({ caller, remote: '', signal: new AbortController().signal })

/** Calls, `service/call`, that a caller may make. */
function allowed(caller: string, list = access): string[] {
  return Object.values(callNeeds).flatMap((needs: Readonly<Record<string, 'look' | 'act' | 'link'>>) =>
    Object.keys(needs).filter((call) => {
      try {
        list.checkOf<RpcService>(needs)(call, as(caller))
        return true
      } catch (thrown) {
        assert.ok(thrown instanceof GatewayError && thrown.code === 'GH-CONTROL-ROLE' && thrown.refusesCaller)
        assert.match(thrown.remedy, /control\.access/)
        return false
      }
    }),
  )
}

describe('roles of the control address', () => {
  const all = SERVICES.flatMap(({ method }) => Object.keys(method))

  it('name every call of every service', () => {
    assert.deepEqual(
      Object.values(callNeeds).flatMap((needs) => Object.keys(needs)),
      all,
    )
  })

  it('let the owner of the socket and admins do everything, operators act, auditors look', () => {
    assert.deepEqual(allowed('local'), all)
    assert.deepEqual(allowed('admin.contoso.example'), all)
    assert.deepEqual(
      all.filter((call) => !allowed('operator.contoso.example').includes(call)),
      ['linkAccount', 'unlinkAccount'],
    )
    assert.deepEqual(allowed('auditor.contoso.example'), ['listPeers', 'listOutbox', 'listNetworks', 'listAccounts', 'tail'])
  })

  it('give nothing to who is not listed, whatever the list says of others, and nothing at all without a list', () => {
    assert.deepEqual(allowed('woodgrove.example'), [])
    assert.deepEqual(allowed('unnamed'), [])
    assert.deepEqual(allowed('admin.contoso.example', new ControlAccess([])), [])
    assert.deepEqual(allowed('local', new ControlAccess([])), all)
  })
})
