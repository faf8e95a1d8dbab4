/**
 * A Vulkan that runs anywhere: SwiftShader, a Vulkan driver for the processor, together with the loader that finds it.
 * Both come inside the optional npm package `@sparticuz/chromium`, so that a machine with neither a graphics card nor
 * Vulkan installed still computes (slowly), with no root rights and nothing written into node_modules.
 */
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { messageOf } from '../base/errors.js';
import { archiveName, unpackDriver } from './driver-files.js';
import { driverPlaces, type DriverPlace } from './driver-places.js';

const LOADER = 'libvulkan.so.1';
const DRIVER = 'libvk_swiftshader.so';
const MANIFEST = 'vk_swiftshader_icd.json';
const FILES: readonly string[] = [LOADER, DRIVER, MANIFEST];

/** What the loader reads its drivers from; the second is the name before loader 1.3.207. */
const DRIVER_VARIABLES: readonly string[] = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'];

/** RTLD_NODELETE of glibc: the library stays loaded although Node finds no add-on in it and closes it again. */
const RTLD_NODELETE = 0x1000;

/** The package's own folder, or undefined where it is not installed (it is optional) or is of no use. */
function packageFolder(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  try {
    const main = createRequire(import.meta.url).resolve('@sparticuz/chromium');
    return dirname(dirname(dirname(main)));
  } catch {
    return undefined;
  }
}

/**
 * Makes SwiftShader the Vulkan that Dawn finds while `use` runs. Dawn loads `libvulkan.so.1` by that name, which a
 * library already loaded under it satisfies; the loader reads its drivers from the environment, which is put back
 * afterwards so that programs started later see their own Vulkan.
 *
 * @returns what `use` returns, or undefined where the package is missing or this is not Linux on x64.
 * @throws an error that names every place tried, where it can be unpacked and loaded in none.
 */
export async function withSwiftShader<T>(use: () => Promise<T>): Promise<T | undefined> {
  const packagePath = packageFolder();
  if (packagePath === undefined) return undefined;
  const before = DRIVER_VARIABLES.map((name) => process.env[name]);
  const { folder, release } = await loadFrom(packagePath);
  try {
    for (const name of DRIVER_VARIABLES) process.env[name] = join(folder, MANIFEST);
    return await use();
  } finally {
    DRIVER_VARIABLES.forEach((name, i) => {
      const value = before[i];
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    });
    await release();
  }
}

/**
 * Unpacks SwiftShader where its loader can be loaded, and loads that: a file system may forbid to execute what it
 * holds.
 */
async function loadFrom(packagePath: string): Promise<DriverPlace> {
  const archive = join(packagePath, 'bin', 'swiftshader.tar.br');
  const problems: string[] = [];
  for (const open of driverPlaces(await archiveName('swiftshader', archive))) {
    let place: DriverPlace | undefined;
    try {
      place = await open();
      await unpackDriver(archive, FILES, place.folder);
      loadLibrary(join(place.folder, LOADER));
      return place;
    } catch (error) {
      problems.push(messageOf(error));
      await place?.release();
    }
  }
  throw new Error(`it can be unpacked and loaded nowhere: ${problems.join('; ')}`);
}

/** Whether the system (or an earlier call) has a Vulkan loader. Dawn warns at length where it must find out itself. */
export function vulkanLoads(): boolean {
  if (process.platform !== 'linux') return true;
  try {
    loadLibrary(LOADER);
    return true;
  } catch {
    return false;
  }
}

/** Loads a shared library for the whole process. Node then complains that it is no add-on, which is expected. */
function loadLibrary(path: string): void {
  try {
    process.dlopen(
      { exports: {} },
      path,
      constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL | RTLD_NODELETE,
    );
  } catch (error) {
    if (!messageOf(error).includes('self-register')) throw error;
  }
}
