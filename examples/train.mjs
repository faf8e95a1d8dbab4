// Trains the transformer on a data set, as a program of your own would, and writes its checkpoint.
//   npx float prepare --cartoon --clips 64 --out data && node examples/train.mjs data trained.safetensors 200
import { writeFile } from 'node:fs/promises';
import { checkpointLayout, closeGpu, openGpu, streamSafetensors } from 'float-webgpu';
import { openDataset, openWeights, requestNodeAdapter } from 'float-webgpu/node';
import { completeSettings, createFmtTrainer, expectedTensors, initialWeights, overlay, runTraining, scoreMotion } from 'float-webgpu/train'; // prettier-ignore

const [data, out, steps] = process.argv.slice(2);
if (!data || !out) throw new Error('expected: train.mjs DATA OUT.safetensors [STEPS]');
const gpu = await openGpu((await requestNodeAdapter()).adapter);
const { model, weights } = await openWeights('weights/demo');
const { config } = model;
const dataset = await openDataset(data);
const settings = completeSettings({ preset: 'demo', steps: Number(steps ?? 200), rate: 2e-3, warmup: 50 });

const trainer = await createFmtTrainer(gpu, initialWeights(weights, model, settings.seed), model, settings);
await runTraining({
  trainer,
  dataset,
  config,
  settings,
  from: { step: 0, firstLoss: undefined },
  onStep: ({ step, loss }) => console.log(step, loss.toFixed(4)),
});

const values = [...(await trainer.weights())].map(([name, data]) => [name, () => data]);
const trained = overlay(weights, expectedTensors(model), new Map(values));
const score = await scoreMotion(gpu, trained, config, dataset, { clips: 4 });
if (score) console.log(`${score.what}: r ${score.own.toFixed(3)}, of another utterance ${score.other.toFixed(3)}`);
const { chunks } = streamSafetensors(trained, checkpointLayout({ model, weights: trained }, 'F32'));
await writeFile(out, chunks);
trainer.destroy();
closeGpu(gpu);
