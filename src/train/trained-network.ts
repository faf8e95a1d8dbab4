import type { Gpu } from '../runtime/gpu.js';
import { writeTensor } from '../runtime/gpu.js';
import { building, closeScope, own } from '../runtime/scope.js';
import type { Tensor } from '../runtime/tensor.js';
import type { WeightSource } from '../weights/source.js';
import { tensorInfo } from '../weights/source.js';
import type { FlatParameters } from './flat-parameters.js';
import { closeFlatParameters, openFlatParameters } from './flat-parameters.js';

/** Parameters that are trained together, as a checkpoint stores them: nothing is packed or scaled. */
export interface TrainedNetwork {
  readonly gpu: Gpu;
  readonly flat: FlatParameters;
  /** The values of a parameter, as a view of the flat buffers. */
  readonly view: (name: string) => Tensor;
  destroy(): void;
}

/** Uploads the tensors of a checkpoint whose names are chosen. */
export function openTrained(
  gpu: Gpu,
  source: WeightSource,
  isTrained: (name: string) => boolean,
): Promise<TrainedNetwork> {
  const names = [...source.tensors.keys()].filter(isTrained);
  const shapes = new Map(names.map((name) => [name, tensorInfo(source, name).shape]));
  return building(async (scope) => {
    const flat = own(scope, openFlatParameters(gpu, shapes), closeFlatParameters);
    const view = (name: string): Tensor => {
      const found = flat.views.get(name);
      if (!found) throw new Error(`${source.name} has no trained tensor ${name}`);
      return found.value;
    };
    for (const name of names) writeTensor(gpu, view(name), await source.read(name));
    return { gpu, flat, view, destroy: () => closeScope(scope) };
  });
}

/** What `openTape` wants of a network: each value, and where its gradient goes. */
export function wantedOf({ flat }: TrainedNetwork): (readonly [Tensor, Tensor])[] {
  return [...flat.views.values()].map(({ value, gradient }) => [value, gradient] as const);
}
