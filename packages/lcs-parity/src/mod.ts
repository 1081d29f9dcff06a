export { lcsCodes } from './errors.ts'
export { exportLcs, type LcsExport } from './export-lcs.ts'
export { importLcs, type LcsImport, type LcsNote } from './import-lcs.ts'
export { findLcsProperty, type LcsClass, type LcsLevel, type LcsPlace, type LcsProperty, lcsClasses } from './lcs-properties.ts'
