// Beside index.html belong weights/ (a copy of node_modules/float-webgpu/weights/demo), portrait.png and speech.wav.
import { animate, openGpu } from 'float-webgpu';
import { openWeightsUrl, readPicture, readSound, requestBrowserAdapter } from 'float-webgpu/browser';

const context = document.querySelector('canvas')!.getContext('2d')!;
const state = document.querySelector('#state')!;
const load = async (url: string) => (await fetch(url)).blob();

try {
  const { adapter, name } = await requestBrowserAdapter();
  const gpu = await openGpu(adapter);
  const model = await openWeightsUrl('weights/weights.safetensors');
  const portrait = await readPicture(await load('portrait.png'), 'portrait.png');
  const speech = await readSound(await load('speech.wav'), 'speech.wav');

  for await (const { index, count, picture } of animate({ gpu, ...model }, portrait, speech)) {
    const { width, height, data } = picture;
    const image = new ImageData(width, height);
    image.data.fill(255);
    for (let i = 0; i < width * height; i++) image.data.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
    context.drawImage(await createImageBitmap(image), 0, 0, 512, 512);
    state.textContent = `${index + 1} of ${count} frames on ${name}`;
  }
} catch (error) {
  state.textContent = String(error);
}
