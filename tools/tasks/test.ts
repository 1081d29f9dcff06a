// What `npm test` runs, in order: checks, unit tests in one process, repository rules, the Helm chart, the real peers as processes, then the images.
import { runStep } from './run-step.ts'

const args = process.argv.slice(2)
const only = args.find((arg) => !arg.startsWith('-'))
const source = ['--conditions=@gatehouse/source', '--disable-warning=ExperimentalWarning']
const UNIT = ['packages/*/src/**/*.test.ts', 'services/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'examples/*/*.test.ts']

if (only === undefined || only === 'check') runStep('checks', 'node', [...source, 'tools/tasks/check.ts'])
if (only === undefined || only === 'unit') {
  runStep('unit tests', 'node', [...source, '--test', '--test-isolation=none', '--test-reporter=dot', ...UNIT])
}
if (only === undefined || only === 'rules') {
  runStep('repository rules', 'node', [
    ...source,
    '--test',
    '--test-isolation=none',
    '--test-reporter=dot',
    'test-integration/repo/**/*.test.ts',
  ])
}
if (only === undefined || only === 'chart') {
  runStep('Helm chart', 'node', [
    ...source,
    '--test',
    '--test-concurrency=2',
    '--test-timeout=300000',
    '--test-reporter=dot',
    'test-integration/chart/**/*.test.ts',
  ])
}
if (only === undefined || only === 'integration') {
  runStep('integration tests against real peers', 'node', [
    ...source,
    '--test',
    '--test-concurrency=1',
    '--test-timeout=300000',
    '--test-reporter=spec',
    'test-integration/bad-input/**/*.test.ts',
    'test-integration/agreement/**/*.test.ts',
    'test-integration/doctor/**/*.test.ts',
    'test-integration/operations/**/*.test.ts',
    'test-integration/alerts/**/*.test.ts',
    'test-integration/bridge/**/*.test.ts',
    'test-integration/peers/**/*.test.ts',
    'test-integration/chaos/**/*.test.ts',
  ])
}
if (only === undefined || only === 'containers') {
  runStep('the images, with real peers in containers', 'node', [
    ...source,
    '--test',
    '--test-concurrency=1',
    '--test-timeout=1200000',
    '--test-reporter=spec',
    'test-integration/containers/**/*.test.ts',
  ])
}
