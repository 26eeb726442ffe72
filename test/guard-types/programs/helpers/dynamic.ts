import type { DatabaseWriter } from "../app/functions.js";

// case C11 dynamic-import (bad)
export async function touchOrder(db: DatabaseWriter) {
  const order = await db.query("orders").first();
  // expect: error TS2345 "Table 'orders' is a mirror"
  if (order !== null) await db.patch("orders", order._id, { total: order.total + 1 });
}
