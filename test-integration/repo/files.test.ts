import assert from 'node:assert/strict'
import { basename } from 'node:path'
import { describe, it } from 'node:test'
import { isTest, sourceFiles, withoutComments } from './source-tree.ts'

const MAX_LINES = 400
/** Tests are tables of cases: they may be longer before splitting helps. */
const MAX_TEST_LINES = 600
/** Longer files, each with the reason why splitting it would not help. */
const LONGER: Readonly<Record<string, string>> = {}

/** Programs beside the code that a test starts as a process of its own. */
const PROGRAMS = ['services/archive/src/commit/commit-until-killed.ts', 'services/policy/src/store/apply-until-killed.ts']

const files = sourceFiles()

describe('files', () => {
  it('have kebab-case names that say what they hold', () => {
    const offenders = files
      .map((file) => file.path)
      .filter(
        (path) =>
          !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|fuzz|d))?\.ts$/.test(basename(path)) ||
          /(^|[-/])(utils?|helpers?|misc|common)([-./]|$)/.test(path),
      )
    assert.deepEqual(offenders, [])
  })

  it(`stay below ${MAX_LINES} lines`, () => {
    const offenders = files
      .map((file) => ({ path: file.path, lines: file.text.split('\n').length - 1 }))
      .filter(({ path, lines }) => lines >= (path.endsWith('.test.ts') ? MAX_TEST_LINES : MAX_LINES) && LONGER[path] === undefined)
      .map(({ path, lines }) => `${path}: ${lines}`)
    assert.deepEqual(offenders, [])
    const gone = Object.keys(LONGER).filter((path) => !files.some((file) => file.path === path && file.text.split('\n').length > MAX_LINES))
    assert.deepEqual(gone, [], 'the list of longer files names files that are no longer long')
  })

  it('export by name: no default, no star', () => {
    const offenders = files.flatMap((file) =>
      [...withoutComments(file.text).matchAll(/^export (default\b|\* from).*$/gm)].map((match) => `${file.path}: ${match[0]}`),
    )
    assert.deepEqual(offenders, [])
  })

  it('hold no unfinished business', () => {
    // Put together here so that this file does not accuse itself.
    const marks = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`)
    const offenders = files.flatMap((file) =>
      file.text
        .split('\n')
        .map((line, index) => ({ line, at: `${file.path}:${index + 1}` }))
        .filter(({ line }) => marks.test(line))
        .map(({ at, line }) => `${at}: ${line.trim()}`),
    )
    assert.deepEqual(offenders, [])
  })

  it('skip no test without a reason, and run none alone', () => {
    const offenders = files
      .filter((file) => isTest(file.path))
      .flatMap((file) =>
        [...file.text.matchAll(/\b(?:it|test|describe|t)\.(?:skip|only|todo)\(|\bskip: true\b|\bskip\(\)|\btodo: true\b/g)].map(
          (match) => `${file.path}: ${match[0]}`,
        ),
      )
    assert.deepEqual(offenders, [])
  })

  it('only a main.ts (or a process of the bench) touches the process', () => {
    const offenders = files
      .filter((file) => /^(packages|services|apps)\//.test(file.path) && !isTest(file.path))
      .filter((file) => !/\/main\.ts$|\/(fuzz|bin|bench)\//.test(file.path) && !PROGRAMS.includes(file.path))
      .flatMap((file) =>
        [...withoutComments(file.text).matchAll(/\bprocess\.(env|argv|exit|stdout|stderr|on|once|cwd)\b/g)].map(
          (match) => `${file.path}: ${match[0]}`,
        ),
      )
    assert.deepEqual(offenders, [])
  })
})
