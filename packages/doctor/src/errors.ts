import { answerCodes } from './answer-codes.ts'
import { certificateCodes } from './certificate-codes.ts'
import { wayCodes } from './way-codes.ts'

/** What `gatehouse doctor` finds. The remedy is the fix in words; it speaks to whoever runs the doctor and names the side that has to act. */
export const doctorCodes = { ...wayCodes, ...certificateCodes, ...answerCodes } as const

export type DoctorCode = keyof typeof doctorCodes
