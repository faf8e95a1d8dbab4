import type { Block } from './loops.mjs';

export function readAssembly(dump: string): Block[];
