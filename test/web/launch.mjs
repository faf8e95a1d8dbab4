import { chromium } from 'playwright-core';

/** A Chromium with WebGPU on the processor, for scripts; the tests have chromium.ts, which also watches what it does. */
export const launchChromium = () =>
  chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--enable-unsafe-webgpu',
      '--use-webgpu-adapter=swiftshader',
      '--enable-features=Vulkan',
      '--use-vulkan=swiftshader',
    ],
  });
