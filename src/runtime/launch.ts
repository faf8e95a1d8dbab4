import type { KernelName } from './kernel.js';
import { kernelInterface } from './kernel.js';
import type { Tensor } from './tensor.js';
import { describe } from './tensor.js';

/** One kernel launch: names are those in the WGSL file. */
export interface Dispatch {
  readonly kernel: KernelName;
  /** Pipeline constants (`override`s): structure, such as a kernel size or an activation. Few combinations. */
  readonly constants?: Readonly<Record<string, number>>;
  /** Fields of the kernel's `Params`: sizes and scales. */
  readonly params: Readonly<Record<string, number>>;
  /** Undefined where the parameters say that there is nothing to read. */
  readonly bindings: Readonly<Record<string, Tensor | undefined>>;
  readonly workgroups: readonly [number, number?, number?];
}

/** The tensors of a launch. */
export function boundTensors({ bindings }: Pick<Dispatch, 'bindings'>): Tensor[] {
  return Object.values(bindings).filter((tensor) => tensor !== undefined);
}

/**
 * The kernel's aliases that are f16 in this launch, as the tensors bound to them are.
 *
 * @throws Error when an alias has tensors of both kinds, or a binding that is f32 in the kernel has one of f16.
 */
export function halvesOf({ kernel, bindings }: Pick<Dispatch, 'kernel' | 'bindings'>): string[] {
  const { aliases, bindings: declared } = kernelInterface(kernel);
  const stored = (alias: string | undefined) =>
    declared.flatMap((binding) => (binding.alias === alias ? (bindings[binding.name] ?? []) : []));
  const isHalf = ({ precision }: Tensor) => precision === 'f16';
  const fixed = stored(undefined).find(isHalf);
  if (fixed) throw new Error(`${kernel}: ${describe(fixed)} is bound where the kernel reads f32`);
  return aliases.filter((alias) => {
    const tensors = stored(alias);
    const halves = tensors.filter(isHalf);
    if (halves.length > 0 && halves.length < tensors.length) {
      throw new Error(
        `${kernel}: all ${alias} of a launch are of one precision: ${tensors.map(describe).join(', ')}`,
      );
    }
    return halves.length > 0;
  });
}
