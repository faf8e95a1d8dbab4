/// <reference types="@webgpu/types" />
// TypeScript knows WebGPU from version 6 on.
export * from '../../dist/train/index.js';
