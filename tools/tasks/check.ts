// Types, lint, format and the generated code: everything that can be wrong without running the product.
import { generateProto } from './proto.ts'
import { runStep } from './run-step.ts'

const isFix = process.argv.includes('--fix')

if (isFix) {
  runStep('format and safe fixes (biome)', 'biome', ['check', '--write', '.'])
} else {
  runStep('protobuf contracts (buf lint)', 'buf', ['lint'], { cwd: 'proto' })
  generateProto({ isCheck: true })
  runStep('types (tsc -b)', 'tsc', ['-b'])
  runStep('format and lint (biome)', 'biome', ['check', '--error-on-warnings', '.'])
  runStep('type-aware lint (oxlint)', 'oxlint', ['--type-aware', '--deny-warnings'])
}
