import type { KernelTimeSummary } from './inside-api.js';

export interface KernelGroup {
  readonly kernel: string;
  readonly milliseconds: number;
  /** Of the plan's time. */
  readonly share: number;
  /** The longest first. */
  readonly launches: readonly KernelTimeSummary[];
}

/** The launches of one plan by kernel, the longest first. */
export function groupByKernel(launches: readonly KernelTimeSummary[]): KernelGroup[] {
  const total = sum(launches);
  const groups = new Map<string, KernelTimeSummary[]>();
  for (const launch of launches) groups.set(launch.kernel, [...(groups.get(launch.kernel) ?? []), launch]);
  return [...groups]
    .map(([kernel, own]) => ({
      kernel,
      milliseconds: sum(own),
      share: total > 0 ? sum(own) / total : 0,
      launches: own.toSorted((a, b) => b.milliseconds - a.milliseconds),
    }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}

const sum = (launches: readonly KernelTimeSummary[]) =>
  launches.reduce((total, { milliseconds }) => total + milliseconds, 0);
