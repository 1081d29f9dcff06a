// node --conditions=@gatehouse/source examples/inspector/main.ts unix:/run/gatehouse/inspector.sock
import { InspectorService } from '@gatehouse/proto'
import { createRpcServer } from '@gatehouse/rpc'
import { inspect } from './inspector.ts'

const listen = process.argv[2] ?? 'unix:/tmp/gatehouse-inspector/inspector.sock'
const log = {
  debug: () => undefined,
  error: (facts: object, text: string) => process.stderr.write(`${text} ${JSON.stringify(facts)}\n`),
}
const server = createRpcServer({ listen, log })
server.add(InspectorService, {
  async inspect(request) {
    const answer = inspect(request)
    process.stdout.write(
      `${request.direction} ${request.fromAddress} -> ${request.toAddress}: verdict ${answer.verdict} ${answer.reason}\n`,
    )
    return answer
  },
})
process.stdout.write(`inspecting on ${await server.start()}\n`)
process.once('SIGINT', () => void server.stop())
process.once('SIGTERM', () => void server.stop())
