// node --conditions=@gatehouse/source bench/flame-graph.ts <file.cpuprofile> <out.svg> "title" [seconds of start-up to leave out]
// A flame graph (SVG) of a V8 CPU profile, as `--cpu-prof` writes it: width is time, what stands on a frame was called by it.
import { readFileSync, writeFileSync } from 'node:fs'

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}

interface Profile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

interface Frame {
  readonly name: string
  readonly color: string
  us: number
  readonly above: Map<string, Frame>
}

const WIDTH = 1600
const ROW = 17
const LETTER = 6.6
/** Frames narrower than this are left out. */
const MIN_PX = 1.5
/** What a frame belongs to, by a part of its path; the first that fits. */
const COLORS: readonly (readonly [part: string, color: string])[] = [
  ['/sip-core/', '#f4a261'],
  ['/policy-engine/', '#e9c46a'],
  ['/archive-client/', '#2a9d8f'],
  ['/services/archive/', '#2a9d8f'],
  ['/federation-peer/', '#e76f51'],
  ['/packages/', '#e9a4a0'],
  ['node:', '#9fb8ad'],
]

function frameOf({ callFrame }: ProfileNode): Frame {
  const { functionName, url } = callFrame
  const file = url.split('/').slice(-2).join('/')
  const color = COLORS.find(([part]) => url.includes(part))?.[1] ?? '#c9ccd1'
  return { name: `${functionName === '' ? '(anonymous)' : functionName}${file === '' ? '' : ` ${file}`}`, color, us: 0, above: new Map() }
}

/** The stacks as a tree, functions of one name and file together; time without work is left out, and so is the start. */
function treeOf(profile: Profile, skippedUs: number): Frame {
  const byId = new Map(profile.nodes.map((node) => [node.id, node]))
  const selfUs = new Map<number, number>()
  let passedUs = 0
  for (const [at, id] of profile.samples.entries()) {
    const us = profile.timeDeltas[at] ?? 0
    passedUs += us
    if (passedUs > skippedUs) selfUs.set(id, (selfUs.get(id) ?? 0) + us)
  }
  const root: Frame = { name: 'all', color: '#dddddd', us: 0, above: new Map() }
  const add = (id: number, below: Frame): number => {
    const node = byId.get(id)
    if (node === undefined || ['(idle)', '(program)'].includes(node.callFrame.functionName)) return 0
    const fresh = frameOf(node)
    const frame = below.above.get(fresh.name) ?? fresh
    below.above.set(fresh.name, frame)
    let us = selfUs.get(id) ?? 0
    for (const child of node.children ?? []) us += add(child, frame)
    frame.us += us
    return us
  }
  const [first] = profile.nodes
  for (const child of first?.children ?? []) root.us += add(child, root)
  return root
}

function draw(root: Frame, title: string): string {
  const boxes: string[] = []
  let depth = 0
  const place = (frame: Frame, x: number, level: number): void => {
    const width = (frame.us / root.us) * WIDTH
    if (width < MIN_PX) return
    depth = Math.max(depth, level)
    const share = `${((frame.us / root.us) * 100).toFixed(1)} %`
    const room = Math.floor((width - 6) / LETTER)
    const label = room < 3 ? '' : `<text x="${(x + 3).toFixed(1)}" y="${-level * ROW - 5}">${escaped(frame.name.slice(0, room))}</text>`
    boxes.push(
      `<g><title>${escaped(frame.name)} ${share}</title><rect x="${x.toFixed(1)}" y="${-(level + 1) * ROW}" width="${(width - 0.4).toFixed(1)}" height="${ROW - 1}" fill="${frame.color}"/>${label}</g>`,
    )
    let at = x
    for (const above of [...frame.above.values()].sort((a, b) => b.us - a.us)) {
      place(above, at, level + 1)
      at += (above.us / root.us) * WIDTH
    }
  }
  place(root, 0, 0)
  const height = (depth + 1) * ROW + 40
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="11">
<title>${escaped(title)}</title>
<text x="4" y="18" font-size="14">${escaped(title)}</text>
<g transform="translate(0 ${height - 8})">
${boxes.join('\n')}
</g>
</svg>
`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

const [, , profileFile, svgFile, title = '', skippedS = '0'] = process.argv
if (profileFile === undefined || svgFile === undefined) {
  process.stderr.write('flame-graph: name a .cpuprofile and the SVG to write\n')
  process.exit(2)
}
writeFileSync(svgFile, draw(treeOf(JSON.parse(readFileSync(profileFile, 'utf8')) as Profile, Number(skippedS) * 1e6), title))
