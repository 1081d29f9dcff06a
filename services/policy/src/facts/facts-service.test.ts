import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { runFactsSuite } from './facts-suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-facts-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

runFactsSuite('SQLite', async () => ({ databaseFile: join(folder, `${++files}.db`) }), { skip: false })
