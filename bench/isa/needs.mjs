import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { driver } from './radv.mjs';

const runs = (program) => spawnSync(program, ['--version']).error === undefined;

/** What a machine must have, for which vendor's cards, and the Debian package that brings it. */
const needs = [
  {
    has: () => existsSync(driver),
    vendor: 'amd',
    package: 'mesa-vulkan-drivers (25 or newer: bookworm-backports)',
  },
  { has: () => existsSync('/usr/include/vulkan/vulkan.h'), vendor: 'amd', package: 'libvulkan-dev' },
  { has: () => runs('gcc'), vendor: 'amd', package: 'gcc' },
  { has: () => runs('spirv-as'), package: 'spirv-tools' },
  { has: () => runs('spirv-cross'), vendor: 'nvidia', package: 'spirv-cross' },
  {
    has: () => runs('nvcc'),
    vendor: 'nvidia',
    package: 'CUDA toolkit (nvcc, ptxas; --family rdna2,rdna3,gcn goes without)',
  },
];

/** What is missing for these vendors' cards, in one line; undefined if nothing is. */
export function whatIsMissing(vendors) {
  const missing = needs.filter(
    ({ has, vendor }) => (vendor === undefined || vendors.includes(vendor)) && !has(),
  );
  return missing.length
    ? `npm run isa needs Debian’s packages, which are not installed: ${missing.map((need) => need.package).join(', ')}`
    : undefined;
}
