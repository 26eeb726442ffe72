export {
  CONTENT_INDEX,
  CONTENT_KEY_FIELD,
  contractOf,
  MIRROR_BRAND,
  mirrorContracts,
  mirrorTableNames,
  PRIMARY_KEY_INDEX,
  type MirrorBrand,
  type MirrorContract,
  type MirrorTableNames,
} from "./contract.js";
export type { MirrorTableDefinition } from "./definition.js";
export { mirrorTable, type KeyPart, type MirrorOptions } from "./mirrorTable.js";
