import { beforeAll, expect, test } from 'vitest';
import { describeAdapter, formatReport, type AdapterReport } from '../../src/cli/info.js';
import type { AdapterChoice } from '../../src/node/gpu.js';
import { testAdapter } from '../gpu.js';

const report: AdapterReport = {
  name: 'Example 9000',
  kind: 'gpu',
  backend: 'vulkan',
  driver: 'Example driver 1.2',
  vendor: 'example',
  architecture: '',
  subgroupSizes: { min: 8, max: 32 },
  features: ['shader-f16', 'subgroups', 'texture-compression-bc'],
  limits: {
    maxBufferSize: 4 * 2 ** 30,
    maxStorageBufferBindingSize: 128 * 2 ** 20,
    maxStorageBuffersPerShaderStage: 16,
    maxComputeWorkgroupStorageSize: 49152,
    maxComputeInvocationsPerWorkgroup: 1024,
    maxComputeWorkgroupsPerDimension: 65535,
    minStorageBufferOffsetAlignment: 256,
  },
};

test('the text tells each property in a line of its own', () => {
  const lines = formatReport(report);
  const rows = Object.fromEntries(lines.map((line) => line.split(/ {2,}/, 2) as [string, string]));
  expect(rows).toEqual({
    adapter: 'Example 9000',
    kind: 'graphics card',
    backend: 'vulkan',
    driver: 'Example driver 1.2',
    vendor: 'example',
    'subgroup size': '8 to 32',
    'shader-f16': 'yes',
    subgroups: 'yes',
    'timestamp-query': 'no',
    maxBufferSize: '4 GiB',
    maxStorageBufferBindingSize: '128 MiB',
    maxStorageBuffersPerShaderStage: '16',
    maxComputeWorkgroupStorageSize: '48 KiB',
    maxComputeInvocationsPerWorkgroup: '1024',
    maxComputeWorkgroupsPerDimension: '65535',
    minStorageBufferOffsetAlignment: '256 bytes',
  });
});

test('an adapter without subgroups has no subgroup size', () => {
  const { subgroupSizes, ...without } = report;
  expect(subgroupSizes).toBeDefined();
  expect(formatReport({ ...without, features: [] })).toContainEqual(
    expect.stringMatching(/^subgroup size +none$/),
  );
});

let choice: AdapterChoice;
beforeAll(async () => {
  choice = await testAdapter();
});

test('a real adapter’s report survives JSON and agrees with the adapter', () => {
  const described = describeAdapter(choice);
  expect(JSON.parse(JSON.stringify(described))).toEqual(described);
  expect(described).toMatchObject({ name: choice.name, kind: choice.kind, backend: choice.backend });
  expect(described.driver).not.toBe('');
  expect(described.features).toHaveLength(choice.adapter.features.size);
  for (const [limit, value] of Object.entries(described.limits)) {
    expect(value, limit).toBe(choice.adapter.limits[limit as keyof AdapterReport['limits']]);
    expect(value, limit).toBeGreaterThan(0);
  }
});
