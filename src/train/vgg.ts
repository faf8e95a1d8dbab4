import { packWeight } from '../ops/conv-weight.js';
import type { ConvWeight } from '../ops/conv-weight.js';
import { conv2d } from '../ops/conv2d.js';
import { activate } from '../ops/elementwise.js';
import { maxPool2d } from '../ops/max-pool2d.js';
import { vggInput } from '../ops/vgg-input.js';
import type { Gpu } from '../runtime/gpu.js';
import { destroyTensor, uploadTensor } from '../runtime/gpu.js';
import type { Recorder } from '../runtime/recorder.js';
import type { Scope } from '../runtime/scope.js';
import { own } from '../runtime/scope.js';
import type { Tensor } from '../runtime/tensor.js';
import type { WeightSource } from '../weights/source.js';
import { tensorInfo } from '../weights/source.js';

/** VGG-19 up to relu4_1, whose features the perceptual loss compares. It does not learn. */
export interface Vgg {
  readonly layers: readonly { readonly weight: ConvWeight; readonly bias: Tensor }[];
}

/** torchvision's numbers of the convolutions; a pooling stands before those of `pooled`. */
const convolutions = [0, 2, 5, 7, 10, 12, 14, 16, 19];
const pooled = new Set([5, 10, 19]);
/** relu1_1, relu2_1, relu3_1, relu4_1: the first of each size. */
const compared = new Set([0, 5, 10, 19]);

/**
 * @param prefix what stands before torchvision's names (`features.0.weight`), `vgg.` say.
 * @throws Error when a weight is missing.
 */
export async function loadVgg(scope: Scope, gpu: Gpu, source: WeightSource, prefix = ''): Promise<Vgg> {
  const upload = (label: string, shape: readonly number[], data: Float32Array<ArrayBuffer>) =>
    own(scope, uploadTensor(gpu, label, shape, data), (tensor) => destroyTensor(gpu, tensor));
  const layers = [];
  for (const k of convolutions) {
    const [weight, bias] = [`${prefix}features.${k}.weight`, `${prefix}features.${k}.bias`];
    const [outputs = 0, inputs = 0, kernel = 0] = tensorInfo(source, weight).shape;
    const { shape, data } = packWeight(await source.read(weight), { outputs, inputs, kernel });
    layers.push({
      weight: { tensor: upload(weight, shape, data), outputs },
      bias: upload(bias, [outputs], await source.read(bias)),
    });
  }
  return { layers };
}

/**
 * @param pictures `[batch, 3, size, size]`, −1 … 1, size a multiple of 8.
 * @returns relu1_1 at `size`, relu2_1, relu3_1 and relu4_1 at ½, ¼ and ⅛.
 */
export function recordVgg(rec: Recorder, { layers }: Vgg, pictures: Tensor): Tensor[] {
  const features: Tensor[] = [];
  let x = vggInput(rec, pictures);
  convolutions.forEach((k, at) => {
    const { weight, bias } = layers[at]!;
    if (pooled.has(k)) x = maxPool2d(rec, x, 2, `vgg.${k - 1}`);
    x = activate(rec, conv2d(rec, x, weight, { padding: 1, bias, label: `vgg.${k}` }), 'relu');
    if (compared.has(k)) features.push(x);
  });
  return features;
}
