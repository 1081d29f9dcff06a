import type { WheelEntry } from '@gatehouse/bus'

/** Something that happens once at its time, on the endpoint's wheel. */
export class WheelAlarm implements WheelEntry {
  wheelNext: WheelEntry | undefined = undefined
  wheelPrevious: WheelEntry | undefined = undefined
  wheelSlot = -1
  wheelRounds = 0
  readonly #run: () => void

  constructor(run: () => void) {
    this.#run = run
  }

  expire(): void {
    this.#run()
  }
}
