// NVIDIA machine code without a card: SPIR-V → Metal's language (spirv-cross) → CUDA (metal.cuh) → ptxas. The Vulkan
// driver has another front end, checks bounds, and may unroll otherwise: a near relative of what would run, not the
// thing itself.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';
import { costOf, readBlocks } from './sass.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const builtins = {
  threadgroup_position_in_grid: 'uint3(blockIdx.x, blockIdx.y, blockIdx.z)',
  thread_position_in_threadgroup: 'uint3(threadIdx.x, threadIdx.y, threadIdx.z)',
  thread_index_in_threadgroup: '((threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x)',
  thread_index_in_simdgroup: '(threadIdx.x & 31u)',
  threads_per_simdgroup: '32u',
  thread_execution_width: '32u',
  threadgroups_per_grid: 'uint3(gridDim.x, gridDim.y, gridDim.z)',
  thread_position_in_grid:
    'uint3(blockIdx.x * blockDim.x + threadIdx.x, blockIdx.y * blockDim.y + threadIdx.y, ' +
    'blockIdx.z * blockDim.z + threadIdx.z)',
};

const unsafeArray =
  'template<typename T, size_t Num> struct spvUnsafeArray { T elements[Num];' +
  ' __device__ T& operator[](size_t i) { return elements[i]; }' +
  ' __device__ const T& operator[](size_t i) const { return elements[i]; } };\n';

/** Parameters of a kernel in Metal's language as those of CUDA, and the locals that stand for the rest. */
function parametersOf(list) {
  const [parameters, locals] = [[], []];
  for (const text of list.split(/,\s*(?![^<]*>)/)) {
    const buffer = /^(const device|device|constant) (\w+)& (\w+) \[\[buffer/.exec(text.trim());
    const value = /^(\w+) (\w+) \[\[(\w+)\]\]/.exec(text.trim());
    if (buffer?.[1] === 'constant') {
      // A uniform is a parameter of the kernel: both lie in the constant bank.
      parameters.push(`const __grid_constant__ ${buffer[2]} ${buffer[3]}`);
    } else if (buffer) {
      const [, space, type, name] = buffer;
      const constant = space === 'device' ? '' : 'const ';
      parameters.push(`${constant}${type}* __restrict__ ${name}_`);
      locals.push(`${constant}${type}& ${name} = *${name}_;`);
    } else if (value && builtins[value[3]]) {
      locals.push(`${value[1]} ${value[2]} = ${builtins[value[3]]};`);
    } else throw new Error(`no CUDA for the parameter ${text.trim()}`);
  }
  return { parameters, locals };
}

/** Metal's language, as spirv-cross writes it, as CUDA. */
function toCuda(metal, threads) {
  const code = metal
    .replace(/template<typename T, size_t Num>\s*struct spvUnsafeArray[\s\S]*?\n};\n/, unsafeArray)
    .replace(/#pragma.*\n|#include.*\n|using namespace metal;\n/g, '')
    .replace(/threadgroup_barrier\([^)]*\)/g, '__syncthreads()')
    .replace(/static inline __attribute__\(\(always_inline\)\)\s*/g, '__device__ __forceinline__ ');
  const entry = /kernel void (\w+)\(([\s\S]*?)\)\s*\{\n/.exec(code);
  const { parameters, locals } = parametersOf(entry[2]);
  const functions = code
    .slice(0, entry.index)
    .replace(
      /^((?:void|float|bool|u?int|float4|float3|uint4|[\w<>:, ]+?) _?\w+\()(?=[^;{]*\)\s*\n\{)/gm,
      '__device__ __forceinline__ $1',
    );
  const shared = (type) =>
    `__shared__ __align__(16) char $2_s[sizeof(${type.join('')})]; auto& $2 = *reinterpret_cast<${type.join('(*)')}`;
  const body = code
    .slice(entry.index + entry[0].length)
    .replace(/threadgroup (\w+) (\w+)((?:\[\d+\])+);/g, `${shared(['$1', '$3'])}>($2_s);`)
    .replace(/threadgroup (spvUnsafeArray<[^;]*>) (\w+);/g, `${shared(['$1'])}*>($2_s);`);
  return (
    `#include "metal.cuh"\n${functions}extern "C" __global__ void __launch_bounds__(${threads}) ` +
    `${entry[1]}(${parameters.join(', ')})\n{\n${locals.join('\n')}\n${body}`
  )
    .replace(/\bconstant (\w+)& /g, 'const $1& ')
    .replace(/\b(const )?(device|constant|threadgroup|thread) (?=[\w(])/g, (_, constant) => constant ?? '')
    .replace(/\.(xy|xyz)\b(?!\s*=[^=])/g, '.$1()')
    .replaceAll('__device__ __forceinline__ __device__ __forceinline__', '__device__ __forceinline__');
}

/**
 * Machine code of the modules of spirv.mjs for a card: Map of name → { registers, spills, lds, wave, occupancy, blocks,
 * costOf }.
 */
export function compileNvidia(index, card, folder) {
  const made = new Map();
  for (const { id, name, assembly, threads } of index) {
    const path = `${folder}/${id}-nvidia`;
    // Debian's spirv-cross does not know maximal reconvergence.
    const text = readFileSync(assembly, 'utf8').replace(/.*(!6023|maximal_reconvergence).*\n/g, '');
    writeFileSync(`${path}.spvasm`, text);
    run('spirv-as', ['--target-env', 'vulkan1.3', `${path}.spvasm`, '-o', `${path}.spv`]);
    const metal = run('spirv-cross', ['--msl', '--msl-version', '20200', `${path}.spv`]).stdout;
    writeFileSync(`${path}.cu`, toCuda(metal, threads));
    const options = ['-cubin', '-std=c++17', '-Xptxas', '-v', '-diag-suppress', '177', '-I', here];
    const { stderr } = run('nvcc', [`-arch=${card.family}`, ...options, `${path}.cu`, '-o', `${path}.cubin`]);
    const said = (pattern) => Number(pattern.exec(stderr)?.[1] ?? 0);
    const registers = said(/Used (\d+) registers/);
    const lds = said(/(\d+) bytes smem/);
    const groups = Math.min(
      card.groups,
      Math.floor(65536 / (Math.ceil(registers / 8) * 8 * threads)),
      lds ? Math.floor(102400 / (lds + 1024)) : Infinity,
      Math.floor(1536 / threads),
    );
    made.set(name, {
      registers,
      spills: said(/(\d+) bytes spill stores/),
      lds,
      wave: 32,
      occupancy: (groups * Math.ceil(threads / 32)) / 4,
      blocks: readBlocks(`${path}.cubin`),
      costOf: (block, before) => costOf(card, block, before),
    });
  }
  return made;
}
