/** Documents that no head has named for this long are collected, in milliseconds; readers have a head no longer than that. */
export const KEEP_UNNAMED_MS = 3_600_000;
