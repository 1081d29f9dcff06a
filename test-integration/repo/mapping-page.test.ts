import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { filesIn, root } from './source-tree.ts'

// These pages promise a test for each row: its last cell names some, by the beginning of their titles.
const PAGES = ['docs/mapping-sip-xmpp-irc.md', 'docs/bad-input-networks.md']

for (const page of PAGES)
  test(`each row of ${page} names tests that exist`, () => {
    const tests = filesIn(['services', 'packages', 'test-integration'], ['.test.ts'])
      .map((file) => file.text)
      .join('\n')
    const lines = readFileSync(join(root, page), 'utf8').split('\n')
    const rows = lines.filter(
      (line, at) => line.startsWith('|') && !line.startsWith('| ---') && lines[at + 1]?.startsWith('| ---') !== true,
    )
    assert.ok(rows.length > 30)
    for (const row of rows) {
      const titles = [...(row.split('|').at(-2) ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] as string)
      assert.ok(titles.length > 0, `no test in: ${row}`)
      for (const title of titles) assert.ok(tests.includes(`'${title}`) || tests.includes(`\`${title}`), `no test begins with "${title}"`)
    }
  })
