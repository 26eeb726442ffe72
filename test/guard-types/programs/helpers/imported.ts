import type { DatabaseWriter } from "../app/functions.js";

// case C09 imported-helper (bad)
export async function addCustomer(db: DatabaseWriter) {
  // expect: error TS2345 "Table 'customers' is a mirror"
  await db.insert("customers", { id: 1n, email: "" });
}
