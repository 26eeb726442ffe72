/**
 * Declarations in `convex/schema.ts`: which tables are mirrors, and which are exported.
 *
 * @module schema
 */
export { MIRROR_BRAND } from "../core/brand.js";
export {
  CONTENT_INDEX,
  CONTENT_KEY_FIELD,
  contractOf,
  mirrorContracts,
  mirrorTableNames,
  PRIMARY_KEY_INDEX,
  type MirrorBrand,
  type MirrorContract,
  type MirrorTableNames,
  type RowFilter,
} from "./contract.js";
export type { DriftPolicies, DriftPolicy } from "../core/rows/drift.js";
export type { MirrorTableDefinition } from "./definition.js";
export type { DriftOption } from "./driftOptions.js";
export {
  exportContracts,
  exportTable,
  type CannotExport,
  type ExportBrand,
  type ExportContract,
  type ExportOptions,
  type ExportTableDefinition,
  type ExportTableNames,
} from "./exportTable.js";
export type { FivetranContract, FivetranOption, FivetranType } from "./fivetran.js";
export type { Duration, KeyPart, MirrorOptions } from "./options.js";
export { mirrorTable } from "./mirrorTable.js";
