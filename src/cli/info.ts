import { requestNodeAdapter, type AdapterChoice } from '../node/gpu.js';
import { printError, printJson, printLines } from './print.js';

export interface InfoFlags {
  adapter?: string;
  json?: boolean;
}

/**
 * Prints the adapter that `adapter` chooses: as text, or as the JSON of an `AdapterReport`.
 *
 * @throws InputError where there is no such adapter.
 */
export async function runInfo(options: InfoFlags): Promise<void> {
  const choice = await requestNodeAdapter({
    ...(options.adapter !== undefined && { adapter: options.adapter }),
    log: printError,
  });
  const report = describeAdapter(choice);
  if (options.json) printJson(report, 1);
  else printLines(formatReport(report));
}

/** The limits that decide which kernels run and how large a tensor may be, and how each is told to people. */
const limitUnits = {
  maxBufferSize: 'bytes',
  maxStorageBufferBindingSize: 'bytes',
  maxStorageBuffersPerShaderStage: 'count',
  maxComputeWorkgroupStorageSize: 'bytes',
  maxComputeInvocationsPerWorkgroup: 'count',
  maxComputeWorkgroupsPerDimension: 'count',
  minStorageBufferOffsetAlignment: 'bytes',
} as const;

type LimitName = keyof typeof limitUnits;

/** The optional features that have kernels of their own here. */
const usedFeatures: readonly string[] = ['shader-f16', 'subgroups', 'timestamp-query'];

export interface AdapterReport {
  name: string;
  kind: 'gpu' | 'software';
  backend: string;
  /** The driver and its version, as it calls itself. */
  driver: string;
  vendor: string;
  architecture: string;
  /** Invocations that a subgroup may have; absent where the adapter has no subgroups. */
  subgroupSizes?: { min: number; max: number };
  /** All optional features, sorted. */
  features: string[];
  limits: Record<LimitName, number>;
}

export function describeAdapter({ adapter, name, kind, backend }: AdapterChoice): AdapterReport {
  const { info, limits } = adapter;
  const names = Object.keys(limitUnits) as LimitName[];
  return {
    name,
    kind,
    backend,
    driver: info.description,
    vendor: info.vendor,
    architecture: info.architecture,
    ...(adapter.features.has('subgroups') && {
      subgroupSizes: { min: info.subgroupMinSize, max: info.subgroupMaxSize },
    }),
    features: [...adapter.features].sort(),
    limits: Object.fromEntries(names.map((limit) => [limit, limits[limit]])) as Record<LimitName, number>,
  };
}

/** The report as lines of a label and its value, for people. */
export function formatReport(report: AdapterReport): string[] {
  const { subgroupSizes: sizes } = report;
  const subgroups = sizes
    ? sizes.min === sizes.max
      ? `${sizes.min}`
      : `${sizes.min} to ${sizes.max}`
    : 'none';
  const rows: [string, string][] = [
    ['adapter', report.name],
    ['kind', report.kind === 'gpu' ? 'graphics card' : 'software, on the processor (slow)'],
    ['backend', report.backend],
    ['driver', report.driver],
    ['vendor', [report.vendor, report.architecture].filter((part) => part !== '').join(', ')],
    ['subgroup size', subgroups],
    ...usedFeatures.map((feature): [string, string] => [
      feature,
      report.features.includes(feature) ? 'yes' : 'no',
    ]),
    ...Object.entries(report.limits).map(([limit, value]): [string, string] => [
      limit,
      limitUnits[limit as LimitName] === 'bytes' ? formatBytes(value) : String(value),
    ]),
  ];
  const widest = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(widest)}  ${value}`);
}

/** In the largest binary unit that is not below one, to two decimals at most: 128 MiB, 3.98 GiB. */
function formatBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(bytes) / 10)));
  return `${Number((bytes / 1024 ** power).toFixed(2))} ${units[power]}`;
}
