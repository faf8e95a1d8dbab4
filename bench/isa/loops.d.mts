export interface Instruction {
  readonly role?: string | undefined;
  readonly fma: number;
  readonly target?: string | number | undefined;
  readonly ends: boolean;
}

export interface Block {
  readonly name: string | number;
  readonly instructions: readonly Instruction[];
}

export interface Loop {
  readonly first: number;
  readonly last: number;
  readonly depth: number;
  readonly parent?: Loop | undefined;
  readonly features: Readonly<Record<string, number>>;
}

export interface Cost {
  readonly latency: number;
  readonly use: Readonly<Record<string, number>>;
  readonly end: unknown;
}

export function loopsOf(blocks: readonly Block[]): Loop[];
export function predecessorsOf(blocks: readonly Block[]): number[][];
export function waveCost(
  blocks: readonly Block[],
  costOf: (block: Block, before: readonly unknown[]) => Cost,
  tripsOf: (loop: Loop) => number,
): { latency: number; use: Record<string, number>; fma: number };
