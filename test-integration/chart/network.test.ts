import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { examples, objectsOf } from './kit/helm.ts'
import { podsOf, type RenderedPod } from './kit/pods.ts'
import { Reach } from './kit/reach.ts'

function site(example: string, set: readonly string[] = []) {
  const objects = objectsOf(example, { set })
  const pods = podsOf(objects)
  const reach = new Reach(objects)
  const pod = (component: string): RenderedPod => {
    const found = pods.find((each) => each.component === component)
    assert.ok(found !== undefined, `${example} has no ${component}`)
    return found
  }
  return { pods, reach, pod }
}

describe('network policies', { skip: skipWithout('helm4') }, () => {
  it('isolate every pod of every example, hooks and tests too', () => {
    for (const example of examples) {
      const { pods, reach } = site(example)
      const open = pods.filter((pod) => !reach.isIsolated(pod)).map(({ id }) => id)
      assert.deepEqual(open, [], example)
    }
  })

  it('let only policy and archive reach the database', () => {
    const { pods, reach, pod } = site('everything')
    const allowed = pods.filter((each) => reach.mayReach(each, pod('postgres'), 5432)).map(({ component }) => component)
    assert.deepEqual([...new Set(allowed)].sort(), ['archive', 'policy'])
  })

  it('let no edge reach a database outside the cluster', () => {
    for (const example of ['production', 'perimeter-edge', 'public-networks']) {
      const { pods, reach } = site(example)
      for (const pod of pods.filter(({ component }) => ['federation-peer', 'public-im-bridge'].includes(component))) {
        assert.equal(reach.mayLeave(pod, '198.51.100.33', 5432), false, `${example}: ${pod.id}`)
      }
    }
    const { reach, pod } = site('production')
    assert.equal(reach.mayLeave(pod('archive'), '198.51.100.33', 5432), true)
    assert.equal(reach.mayLeave(pod('archive'), '203.0.113.9', 5432), false)
  })

  it('let all services reach NATS, and nobody else', () => {
    const { pods, reach, pod } = site('everything')
    const nats = pod('nats')
    const clients = pods.filter((each) => reach.mayReach(each, nats, 4222)).map(({ component }) => component)
    assert.deepEqual([...new Set(clients)].sort(), ['archive', 'federation-peer', 'policy', 'public-im-bridge'])
    assert.equal(reach.mayReach(nats, nats, 6222), true, 'servers of the cluster')
    assert.equal(reach.mayReach(pod('federation-peer'), nats, 6222), false)
    assert.equal(reach.mayReach(pod('federation-peer'), nats, 8222), true, 'the outbox asks the monitors')
  })

  it('let the edge reach partners, your own server, and nothing else', () => {
    const { reach, pod } = site('production')
    const edge = pod('federation-peer')
    assert.equal(reach.mayLeave(edge, '203.0.113.9', 5061), true, 'a partner')
    assert.equal(reach.mayLeave(edge, '192.0.2.40', 5061), true, 'the next hop')
    assert.equal(reach.mayLeave(edge, '203.0.113.9', 443), false)
    assert.equal(reach.mayLeave(edge, '10.1.2.3', 5061), false, 'the cluster is no partner')
    const everything = site('everything')
    assert.equal(everything.reach.mayLeave(everything.pod('federation-peer'), '203.0.113.9', 5081), true, 'partners.ports')
    assert.equal(everything.reach.mayLeave(everything.pod('federation-peer'), '203.0.113.9', 5071), true, 'the port of the next hop')
  })

  it('let tests reach the services, and what they test is not in the way of anybody', () => {
    const { reach, pod } = site('everything')
    for (const [component, port] of [
      ['policy', 9443],
      ['archive', 9443],
      ['federation-peer', 15061],
    ] as const) {
      assert.equal(reach.mayReach(pod('test'), pod(component), port), true, component)
    }
    assert.equal(reach.mayReach(pod('test'), pod('postgres'), 5432), false)
    assert.equal(reach.mayReach(pod('config-check'), pod('policy'), 9443), false)
    assert.equal(reach.mayLeave(pod('config-check'), '203.0.113.9', 443), false)
  })

  it('let the edge not call the archive: a break-in there reads no message', () => {
    const { reach, pod } = site('everything')
    for (const edge of ['federation-peer', 'public-im-bridge']) {
      assert.equal(reach.mayReach(pod(edge), pod('archive'), 9443), false, edge)
      assert.equal(reach.mayReach(pod(edge), pod('policy'), 9443), false, edge)
    }
    assert.equal(reach.mayReach(pod('policy'), pod('archive'), 9443), true)
  })

  it('narrow with values: source ranges, peers', () => {
    const { reach, pod } = site('small-trial', ['federationPeer.externalService.loadBalancerSourceRanges={203.0.113.0/24}'])
    assert.equal(reach.mayReach(pod('test'), pod('federation-peer'), 5061), true, 'tests still come in')
    assert.equal(reach.mayReach(pod('policy'), pod('federation-peer'), 5061), false)
  })
})
