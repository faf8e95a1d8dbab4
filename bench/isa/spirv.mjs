// WGSL to SPIR-V as Dawn gives it to a Vulkan driver: bounds, zeroed workgroup memory, overrides resolved. Dawn prints
// it when its toggle dump_shaders is on; it does so on this process's output, so a child makes the pipelines and we
// read what it says:
//   node bench/isa/spirv.mjs MODULES.json    { name: { code, constants, entryPoint, bindings } }
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

const self = fileURLToPath(import.meta.url);
const mark = '\n@@MODULE ';

if (process.argv[1] === self) {
  await dump(JSON.parse(readFileSync(process.argv[2], 'utf8')));
  process.exit(0);
}

async function dump(modules) {
  const { create, globals } = await import('webgpu');
  const gpu = create(['adapter=llvmpipe', 'enable-dawn-features=dump_shaders,allow_unsafe_apis']);
  globalThis.kept = gpu; // Dawn crashes when an instance is collected.
  const adapter = await gpu.requestAdapter();
  const wanted = [
    'maxComputeWorkgroupStorageSize',
    'maxComputeInvocationsPerWorkgroup',
    'maxComputeWorkgroupSizeX',
  ];
  const device = await adapter.requestDevice({
    requiredFeatures: ['shader-f16', 'subgroups'].filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(wanted.map((key) => [key, adapter.limits[key]])),
  });
  for (const [name, { code, constants, entryPoint = 'main', bindings = [] }] of Object.entries(modules)) {
    console.log(mark + JSON.stringify(name));
    const visibility = globals.GPUShaderStage.COMPUTE;
    const entries = bindings.map(({ binding, type }) => ({ binding, visibility, buffer: { type } }));
    const layout = entries.length
      ? device.createPipelineLayout({ bindGroupLayouts: [device.createBindGroupLayout({ entries })] })
      : 'auto';
    const module = device.createShaderModule({ code });
    await device.createComputePipelineAsync({ layout, compute: { module, entryPoint, constants } });
  }
}

/** u uniform, s storage, by binding. Dawn may number them anew, so they are read from the SPIR-V. */
function bindingTypes(assembly) {
  const letters = [];
  for (const [, variable, space] of assembly.matchAll(
    /(%\w+) = OpVariable %\w+ (Uniform|StorageBuffer)\b/g,
  )) {
    const binding = new RegExp(`OpDecorate ${variable} Binding (\\d+)`).exec(assembly)?.[1];
    if (binding !== undefined) letters[Number(binding)] = space === 'Uniform' ? 'u' : 's';
  }
  return Array.from(letters, (letter) => letter ?? '.').join('') || '.';
}

/** @returns [{ id, name, spv, assembly, entry, types, threads }], files in `folder`. */
export function toSpirv(modules, folder) {
  const given = `${folder}/modules.json`;
  writeFileSync(given, JSON.stringify(modules));
  const { stdout } = run(process.execPath, [self, given], {
    env: { ...process.env, VK_ICD_FILENAMES: '/usr/share/vulkan/icd.d/lvp_icd.json' },
  });
  return stdout
    .split(mark)
    .slice(1)
    .map((part, i) => {
      const name = JSON.parse(part.slice(0, part.indexOf('\n')));
      const at = part.lastIndexOf('/* Dumped SPIRV disassembly */');
      if (at < 0) throw new Error(`${name}: Dawn printed no SPIR-V`);
      const text = part
        .slice(part.indexOf('\n', at) + 1)
        .replace(/\n(info|warning):\s*$/g, '\n')
        .replaceAll('MaximallyReconvergesKHR', '!6023'); // which Debian's spirv-as does not know by name
      const id = String(i).padStart(3, '0');
      const [spv, assembly] = [`${folder}/${id}.spv`, `${folder}/${id}.spvasm`];
      writeFileSync(assembly, text);
      run('spirv-as', ['--target-env', 'vulkan1.3', assembly, '-o', spv]);
      const [, entry] = /OpEntryPoint GLCompute %\w+ "([^"]+)"/.exec(text);
      const size = /LocalSize (\d+) (\d+) (\d+)/.exec(text).slice(1).map(Number);
      return {
        id,
        name,
        spv,
        assembly,
        entry,
        types: bindingTypes(text),
        threads: size[0] * size[1] * size[2],
      };
    });
}
