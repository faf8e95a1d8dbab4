import type { Tuning } from './tuning.js';

/** Measured choices by `tuningKey`; made by `npm run tune`. */
export const tuned: Readonly<Record<string, Tuning>> = {
  'processor, subgroups 8-8, 32 KiB shared': {
    product: 'subgroup',
    conv2dTile: { WIDE: 32, HIGH: 4 },
    linearTile: { WIDE: 16, HIGH: 8 },
    conv3x3: 'plain',
    row: 'invocation',
  },
  'processor, subgroups 4-4, 32 KiB shared': {
    product: 'subgroup',
    conv2dTile: { WIDE: 32, HIGH: 4 },
    linearTile: { WIDE: 16, HIGH: 8 },
    conv3x3: 'rows',
    row: 'invocation',
  },
};
