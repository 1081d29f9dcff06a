import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LeaseWorld, type ReplicaOfAccounts } from '../../testing/lease-world.ts'

const LOGINS = Array.from({ length: 20 }, (_, at) => `user${at}`)

async function linkAll(replica: ReplicaOfAccounts): Promise<void> {
  for (const login of LOGINS) await replica.link(login)
}

/** Each account on exactly one replica, and none ever on two. */
function assertEachOnce(world: LeaseWorld): Map<string, number> {
  const counts = new Map<string, number>()
  for (const login of LOGINS) {
    const place = world.server.whereIs(login)
    assert.match(place, /^r\d$/, `${login} is at '${place}'`)
    counts.set(place, (counts.get(place) ?? 0) + 1)
  }
  assert.equal(world.server.mostAtOnce, 1, 'no account was ever connected twice')
  return counts
}

describe('linked accounts over replicas', () => {
  it('are connected by the only replica, and logged out when it stops', async () => {
    const world = new LeaseWorld()
    const r0 = await world.replica('r0')
    await linkAll(r0)
    await world.pass(1_000)
    assertEachOnce(world)
    await r0.stop()
    assert.ok(LOGINS.every((login) => world.server.whereIs(login) === ''))
  })

  it('move to a replica that joins, one by one and never twice', async () => {
    const world = new LeaseWorld()
    const r0 = await world.replica('r0')
    await linkAll(r0)
    await world.pass(1_000)
    const r1 = await world.replica('r1')
    await world.pass(5_000)
    const counts = assertEachOnce(world)
    assert.ok((counts.get('r1') ?? 0) > 3, [...counts].join(' '))
    for (const account of r0.book.all()) assert.equal(r0.keeper.holderOf(account.id), r1.keeper.holderOf(account.id))
  })

  it('are taken over in less than ten seconds when a replica dies without a word', async () => {
    const world = new LeaseWorld()
    const r0 = await world.replica('r0')
    await world.replica('r1')
    await linkAll(r0)
    await world.pass(3_000)
    assert.equal(assertEachOnce(world).size, 2)
    world.freeze('r1')
    world.server.died('r1')
    await world.pass(7_000)
    assert.equal(assertEachOnce(world).get('r0'), LOGINS.length)
  })

  it('are given up by a replica that does not hear itself: it hears nobody, and judges none', async () => {
    const world = new LeaseWorld()
    const r0 = await world.replica('r0')
    const r1 = await world.replica('r1')
    await linkAll(r0)
    await world.pass(3_000)
    assert.equal(assertEachOnce(world).size, 2)
    // as after a server was started again: writes go through, watches have not found their way back yet
    for (const replica of [r0, r1]) replica.isDeaf = true
    await world.pass(8_000)
    assert.ok(LOGINS.every((login) => world.server.whereIs(login) === ''))
    for (const replica of [r0, r1]) replica.hear()
    await world.pass(3_000)
    assert.equal(assertEachOnce(world).size, 2)
  })

  it('are left alone by a replica that was deaf alone', async () => {
    const world = new LeaseWorld()
    const r0 = await world.replica('r0')
    const r1 = await world.replica('r1')
    await linkAll(r0)
    await world.pass(3_000)
    r1.isDeaf = true
    await world.pass(8_000)
    assert.equal(world.server.mostAtOnce, 1)
    r1.hear()
    await world.pass(6_000)
    assert.equal(assertEachOnce(world).size, 2)
  })

  it('come back after the bus was away for all: what could not be given back counts as ours', async () => {
    const world = new LeaseWorld()
    const r0 = await world.replica('r0')
    const r1 = await world.replica('r1')
    await linkAll(r0)
    await world.pass(3_000)
    for (const replica of [r0, r1]) replica.isCutOff = true
    await world.pass(4_500)
    assert.ok(LOGINS.every((login) => world.server.whereIs(login) === ''))
    for (const replica of [r0, r1]) replica.isCutOff = false
    await world.pass(8_000)
    assert.equal(assertEachOnce(world).size, 2)
  })

  it('stay where they are when a replica merely did not answer for a delivery', async () => {
    const world = new LeaseWorld()
    const r0 = await world.replica('r0')
    await world.replica('r1')
    await linkAll(r0)
    await world.pass(3_000)
    const before = assertEachOnce(world)
    r0.lease.suspect('r1')
    assert.deepEqual([r0.lease.reachable('chat'), r0.lease.running('chat')], [['r0'], ['r0', 'r1']])
    await world.pass(2_000)
    assert.deepEqual(assertEachOnce(world), before)
    assert.deepEqual(r0.lease.reachable('chat'), ['r0', 'r1'], 'heard again')
  })

  it('go at once when a replica stops in order', async () => {
    const world = new LeaseWorld()
    const r0 = await world.replica('r0')
    const r1 = await world.replica('r1')
    await linkAll(r0)
    await world.pass(3_000)
    await r1.stop()
    await world.pass(700)
    assert.equal(assertEachOnce(world).get('r0'), LOGINS.length)
  })

  it('are logged out when what goes out over them is over, or after a moment', async () => {
    const world = new LeaseWorld()
    const r0 = await world.replica('r0')
    await linkAll(r0)
    await world.pass(1_000)
    const [quick, slow] = r0.book.all()
    assert.ok(quick !== undefined && slow !== undefined)
    const use = r0.keeper.use(quick.id)
    r0.keeper.use(slow.id)
    const stopped = r0.stop()
    await world.pass(1_000)
    assert.deepEqual(LOGINS.filter((login) => world.server.whereIs(login) !== '').toSorted(), [quick.login, slow.login].toSorted())
    assert.equal(r0.keeper.use(quick.id), 'moving', 'nothing new goes out')
    assert.ok(typeof use === 'object')
    use.release()
    await world.pass(100)
    assert.equal(world.server.whereIs(quick.login), '')
    await world.pass(1_000)
    await stopped
    assert.equal(world.server.whereIs(slow.login), '')
  })

  it('are given up by a replica that is cut off before another may take them', async () => {
    const world = new LeaseWorld()
    const r0 = await world.replica('r0')
    const r1 = await world.replica('r1')
    await linkAll(r0)
    await world.pass(3_000)
    r1.isCutOff = true
    await world.pass(4_500)
    assert.ok(
      LOGINS.every((login) => world.server.whereIs(login) !== 'r1'),
      'the one that is cut off has logged out',
    )
    await world.pass(3_000)
    assert.equal(assertEachOnce(world).get('r0'), LOGINS.length)
    r1.isCutOff = false
    await world.pass(6_000)
    assert.equal(assertEachOnce(world).size, 2)
  })

  it('come back after a loss, with a back-off; a refused one is left in peace', async () => {
    const world = new LeaseWorld()
    const r0 = await world.replica('r0')
    await r0.link('alice')
    world.server.refused.add('eve')
    await r0.link('eve')
    await world.pass(1_000)
    const before = world.server.logins
    r0.lose('alice')
    await world.pass(200)
    assert.equal(world.server.whereIs('alice'), '')
    await world.pass(2_000)
    assert.equal(world.server.whereIs('alice'), 'r0')
    assert.equal(world.server.logins, before + 1)
    assert.equal(r0.host.board.account(r0.book.all().find(({ login }) => login === 'eve')?.id ?? '')?.state, 'refused')
  })

  it('one that is unlinked is logged out; a login belongs to one user', async () => {
    const world = new LeaseWorld()
    const r0 = await world.replica('r0')
    await r0.link('alice')
    await world.pass(1_000)
    await assert.rejects(r0.link('alice'), { code: 'GH-BRIDGE-ACCOUNT-EXISTS' })
    const owner = { user: 'mallory', domain: 'contoso.example' }
    const stolen = { network: 'chat', owner, login: 'alice', secret: 'x', settings: {}, linkedBy: 'test' }
    await assert.rejects(r0.book.add(stolen), { code: 'GH-BRIDGE-ACCOUNT-EXISTS' })
    await r0.book.remove(r0.book.all()[0]?.id ?? '')
    await world.pass(1_000)
    assert.equal(world.server.whereIs('alice'), '')
  })
})
