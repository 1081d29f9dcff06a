import { connect, type TLSSocket } from 'node:tls'

interface Waiting {
  readonly fits: (line: string) => boolean
  readonly resolve: (line: string) => void
}

/** Somebody on IRC, by plain lines: reads and writes them without our own client. */
export class IrcPerson {
  readonly nick: string
  /** Every line so far. */
  readonly lines: string[] = []
  readonly #socket: TLSSocket
  #rest = ''
  #waiting: Waiting[] = []

  private constructor(nick: string, socket: TLSSocket) {
    this.nick = nick
    this.#socket = socket
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => this.#read(text))
    socket.on('error', () => undefined)
  }

  /** Connects and waits for the end of the welcome. */
  static async join(at: { readonly host: string; readonly port: number }, caPem: string, nick: string): Promise<IrcPerson> {
    const socket = connect({ host: '127.0.0.1', port: at.port, servername: at.host, ca: caPem })
    const person = new IrcPerson(nick, socket)
    person.write(`NICK ${nick}`, `USER ${nick} 0 * :${nick}`)
    await person.when((line) => / (376|422) /.test(line))
    return person
  }

  write(...lines: readonly string[]): void {
    this.#socket.write(lines.map((line) => `${line}\r\n`).join(''))
  }

  /** Registers an account of the same name with the network's services, and is logged in to it. */
  async register(password: string): Promise<void> {
    this.write(`PRIVMSG NickServ :REGISTER ${password} ${this.nick}@example.net`)
    await this.when((line) => / 900 |You're now logged in/.test(line))
  }

  /** Resolves with the first line, past or future, that fits. */
  when(fits: (line: string) => boolean): Promise<string> {
    const found = this.lines.find(fits)
    return found === undefined ? new Promise((resolve) => this.#waiting.push({ fits, resolve })) : Promise.resolve(found)
  }

  /** Texts that people (not servers or services) said to this nick, notices included, in order. */
  heard(): string[] {
    return this.lines.flatMap((line) => {
      const match = /^(?:@\S+ )?:([^!\s]+)!\S+ (?:PRIVMSG|NOTICE) (\S+) :(.*)$/.exec(line)
      return match === null || match[1] === 'NickServ' || match[2]?.toLowerCase() !== this.nick.toLowerCase() ? [] : [match[3] as string]
    })
  }

  async whenHeard(count: number): Promise<readonly string[]> {
    if (this.heard().length < count)
      await new Promise<void>((resolve) => this.#waiting.push({ fits: () => this.heard().length >= count, resolve: () => resolve() }))
    return this.heard()
  }

  leave(): void {
    this.#socket.destroy()
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\r\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.startsWith('PING')) this.write(line.replace('PING', 'PONG'))
      this.lines.push(line)
      this.#waiting = this.#waiting.filter(({ fits, resolve }) => {
        if (!fits(line)) return true
        resolve(line)
        return false
      })
    }
  }
}
