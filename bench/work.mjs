// How much a launch has to do at least: operations (a multiplication and an addition are two) and bytes.
import { operationsOf } from '../dist/runtime/work.js';

const size = (tensor) => tensor.shape.reduce((product, extent) => product * extent, 1);

export function workOf(launch) {
  // A binding that a launch does not use is left out or filled with another of its tensors: each counts once.
  const bound = Object.values(launch.bindings).filter((tensor) => tensor !== undefined);
  const tensors = [...new Set(bound.map(({ memory }) => memory))].map((memory) =>
    bound.find((tensor) => tensor.memory === memory),
  );
  const bytes = tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0);
  return { flops: operationsOf(launch), bytes };
}

export const bytesOf = (tensor) => (tensor.precision === 'f16' ? 2 : 4) * size(tensor);
