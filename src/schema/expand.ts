/** Shows an intersection as one object in editors, as Convex's own table types do. */
export type Expand<T> = T extends unknown ? { [Key in keyof T]: T[Key] } : never;
