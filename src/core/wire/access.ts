import { v } from "convex/values";

/**
 * What a token may do with the mirrors that it names. A token for "export" opens nothing but the export, and names
 * tables.
 */
export const vAccess = v.union(v.literal("write"), v.literal("read"), v.literal("export"));
