import type { Affine, Parameters } from '../models/parameters.js';
import { loadAffine, openParameters } from '../models/parameters.js';
import type { FlowTransformerWeights } from '../models/transformer/fmt-layers.js';
import { loadFlowTransformer } from '../models/transformer/fmt-layers.js';
import type { Gpu } from '../runtime/gpu.js';
import { building, closeScope, own } from '../runtime/scope.js';
import type { FloatConfig } from '../weights/config.js';
import type { WeightSource } from '../weights/source.js';
import { tensorInfo } from '../weights/source.js';
import type { FlatParameters } from './flat-parameters.js';
import { closeFlatParameters, openFlatParameters } from './flat-parameters.js';
import { isTrained } from './initial-weights.js';

/** The flow-matching transformer and the projection of its audio features, to be trained together (Sec. 4.2). */
export interface FmtNetwork {
  readonly config: FloatConfig;
  readonly flat: FlatParameters;
  readonly weights: FlowTransformerWeights;
  /** `audio_encoder.audio_projection`: Linear F → d, LayerNorm, SiLU. */
  readonly projection: { readonly linear: Affine; readonly norm: Affine };
  destroy(): void;
}

/** @throws Error when a weight is missing or the GPU fails. */
export function openFmtNetwork(gpu: Gpu, source: WeightSource, config: FloatConfig): Promise<FmtNetwork> {
  const names = [...source.tensors.keys()].filter(isTrained);
  const shapes = new Map(names.map((name) => [name, tensorInfo(source, name).shape]));
  return building(async (scope) => {
    const flat = own(scope, openFlatParameters(gpu, shapes), closeFlatParameters);
    const place = (name: string) => flat.views.get(name)?.value;
    const parameters: Parameters = { ...openParameters(scope, gpu, source), place };
    return {
      config,
      flat,
      weights: await loadFlowTransformer(parameters, config),
      projection: {
        linear: await loadAffine(parameters, 'audio_encoder.audio_projection.0'),
        norm: await loadAffine(parameters, 'audio_encoder.audio_projection.1'),
      },
      destroy: () => closeScope(scope),
    };
  });
}
