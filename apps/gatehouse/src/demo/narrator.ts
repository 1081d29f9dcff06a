import type { Decision } from '@gatehouse/proto'
import { printable, type Style } from '../output/style.ts'
import { widthOf } from '../output/table.ts'

/** Tells the demo: acts, who said what, and what each gate decided. */
export class Narrator {
  readonly #write: (text: string) => void
  readonly style: Style
  #acts = 0

  constructor(write: (text: string) => void, style: Style) {
    this.#write = write
    this.style = style
  }

  line(text = ''): void {
    this.#write(`${text}\n`)
  }

  act(title: string): void {
    this.#acts++
    this.line(`\n${this.style.bold(`${this.#acts}. ${title}`)}`)
  }

  /** Somebody sends something. */
  sends(from: string, to: string, what: string): void {
    this.line(`   ${this.style.accent(from)} → ${this.style.accent(to)}  ${printable(what)}`)
  }

  /** One gate's decision: who it took the other side for, or why it refused. */
  decided(gate: string, told: { readonly direction: string; readonly peer: string; readonly decision: Decision }): void {
    const { dim, good, bad, warn } = this.style
    const { decision } = told
    const isAllowed = decision.verdict === 'allow'
    const verdict = isAllowed ? good('ALLOW') : bad('DENY ')
    const mark = decision.mark === 'verified' ? good('verified  ') : warn('unverified')
    this.line(`   ${dim('│')} ${pad(gate, 13)} ${dim(pad(told.direction, 8))} ${verdict} ${mark} ${decision.code}`)
    const certificate = decision.nameMatch === '' || decision.nameMatch === 'none' ? '' : `, certificate matched by ${decision.nameMatch}`
    const why = isAllowed ? `${told.peer}${certificate}` : decision.reason
    if (why !== '') this.line(`   ${dim('│')} ${' '.repeat(13)} ${dim(printable(why))}`)
  }

  /** What a person or sender sees in the end. */
  outcome(text: string): void {
    this.line(`   ${this.style.dim('└')} ${printable(text)}`)
  }

  passed(): void {
    this.line(`   ${this.style.good('✓ as it should be')}`)
  }

  failed(why: string): void {
    this.line(`   ${this.style.bad(`✗ ${printable(why)}`)}`)
  }
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}
