/**
 * What browsers add to the public API: a GPU, weights, pictures and sound from URLs and files, video through WebCodecs.
 */
export { NoVideoEncoderError, NoWebGpuError } from './errors.js';
export { requestBrowserAdapter } from './adapter.js';
export type { BrowserAdapter } from './adapter.js';
export { openWeightsFiles, openWeightsUrl } from './weights.js';
export type { FetchOptions } from './fetch-bytes.js';
export { readPicture } from './picture.js';
export { readSound } from './sound.js';
export type { ReadSoundOptions } from './sound.js';
export type { AlphaRule, ReadPictureOptions } from '../media/alpha.js';
export { createBrowserVideo } from './video.js';
export type { BrowserVideo, BrowserVideoFile, BrowserVideoOptions } from './video.js';
