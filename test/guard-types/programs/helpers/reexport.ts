export { remove as removeOrder } from "./reexported.js";
