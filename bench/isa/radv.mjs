// Machine code for AMD cards that are not here: SPIR-V compiled by RADV, which plays the card that RADV_FORCE_FAMILY
// names.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { costOf } from './amd-cost.mjs';
import { readAssembly } from './amd.mjs';
import { run } from './run.mjs';

const source = fileURLToPath(new URL('pipestats.c', import.meta.url));
export const driver = '/usr/share/vulkan/icd.d/radeon_icd.json';

/** Machine code of the modules of spirv.mjs for a card: as compileNvidia. */
export function compileAmd(index, card, folder) {
  const program = `${folder}/pipestats`;
  if (!existsSync(program)) run('gcc', ['-O1', '-Wall', '-o', program, source, '-lvulkan']);
  const assemblyOf = (id) => `${folder}/${id}-${card.family}.asm`;
  const { stdout } = run(program, [], {
    input: index
      .map(({ id, spv, entry, types }) => `${id} ${spv} ${entry} ${assemblyOf(id)} ${types}\n`)
      .join(''),
    env: {
      ...process.env,
      RADV_FORCE_FAMILY: card.family,
      VK_ICD_FILENAMES: driver,
      MESA_SHADER_CACHE_DISABLE: '1',
    },
  });
  const made = new Map();
  for (const line of stdout.split('\n').filter(Boolean)) {
    const { name: id, wave, ...statistics } = JSON.parse(line);
    made.set(index.find((module) => module.id === id).name, {
      registers: statistics.VGPRs,
      spills: statistics['Spilled VGPRs'] + statistics['Spilled SGPRs'],
      lds: statistics['LDS size'],
      wave,
      // RADV counts waves of 32 lanes on RDNA.
      occupancy: statistics['Subgroups per SIMD'] / (card.generation >= 10 ? wave / 32 : 1),
      blocks: readAssembly(readFileSync(assemblyOf(id), 'utf8')),
      costOf: (block, before) => costOf(card, wave, block, before),
    });
  }
  return made;
}
