import type { Tuning } from './tuning.js';

/** Measured choices by `tuningKey`; made by `npm run tune`. */
export const tuned: Readonly<Record<string, Tuning>> = {};
