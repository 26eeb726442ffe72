/**
 * Which colours to use. Without one they follow the `color-scheme` of the page; `auto` follows the reader's system.
 * `light` and `dark` are for pages that switch by a class of their own.
 */
export type Theme = "light" | "dark" | "auto";
