import type { Block, Cost } from './loops.mjs';

export interface Card {
  readonly generation: number;
  readonly lanes: number;
  readonly lds: number;
}

export function costOf(card: Card, wave: number, block: Block, before?: readonly unknown[]): Cost;
