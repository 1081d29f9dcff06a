// node --conditions=@gatehouse/source examples/bot/main.ts unix:/run/gatehouse/gateway.sock helpdesk
import { GatewayService } from '@gatehouse/proto'
import { connectRpc } from '@gatehouse/rpc'
import { runBot } from './bot.ts'

const [target = 'unix:.gatehouse/gateway.sock', application = 'helpdesk'] = process.argv.slice(2)
const stop = new AbortController()
const connection = connectRpc(target, { deadlineMs: 40_000 })
process.once('SIGINT', () => stop.abort())
process.once('SIGTERM', () => stop.abort())
process.stdout.write(`${application} listens at ${target}\n`)
try {
  await runBot(connection.client(GatewayService), application, stop.signal)
} catch (thrown) {
  if (!stop.signal.aborted) throw thrown
} finally {
  connection.close()
}
