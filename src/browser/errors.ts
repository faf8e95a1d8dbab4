/** WebGPU is not to be had here. The message is one line: which browser this is, what is missing, what to do. */
export class NoWebGpuError extends Error {
  override readonly name = 'NoWebGpuError';
}

/** This browser cannot write H.264 video, or not of this size. The message is one line. */
export class NoVideoEncoderError extends Error {
  override readonly name = 'NoVideoEncoderError';
}
