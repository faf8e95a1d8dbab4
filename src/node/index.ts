/** What Node adds to the public API: a GPU through Dawn, weights, pictures and sound from files, video to a file. */
export { requestNodeAdapter } from './gpu.js';
export type { AdapterChoice } from './gpu.js';
export { openWeights } from './weights.js';
export { readPicture } from './picture.js';
export { writePng } from './png.js';
export { readSound } from './sound.js';
export type { ReadSoundOptions } from './sound.js';
export type { AlphaRule, ReadPictureOptions } from '../media/alpha.js';
export { createVideoWriter } from './video.js';
export type { VideoOptions, VideoWriter } from './video.js';
export { openFaceWeights } from './face-weights.js';
export { openDataset } from './dataset-files.js';
