/**
 * A Vulkan that runs anywhere: SwiftShader, a Vulkan driver for the processor, together with the loader that finds it.
 * Both come inside the optional npm package `@sparticuz/chromium`, so that a machine with neither a graphics card nor
 * Vulkan installed still computes (slowly), with no root rights and nothing written into node_modules.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants, homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { messageOf } from '../base/errors.js';

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
 * The regular files of a tar archive (POSIX ustar): 512-byte headers (name at 0, size in octal at 124, type at 156),
 * each followed by the contents padded to whole 512-byte blocks; an empty name ends the archive.
 */
export function readTar(archive: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const text = (from: number, length: number): string => {
    const field = archive.subarray(from, from + length);
    const end = field.indexOf(0);
    return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
  };
  for (let at = 0; at + 512 <= archive.length;) {
    const name = text(at, 100);
    if (name === '') break;
    const size = parseInt(text(at + 124, 12), 8);
    const type = archive[at + 156];
    const start = at + 512;
    if (!Number.isInteger(size) || start + size > archive.length)
      throw new Error(`tar archive is cut off at ${name}`);
    if (type === 0 || type === 48)
      files.set(name.replace(/^\.\//, ''), archive.subarray(start, start + size));
    at = start + Math.ceil(size / 512) * 512;
  }
  return files;
}

/**
 * Unpacks the loader, the driver and its manifest into `folder`, all or nothing: they are written beside it and renamed,
 * so that of two processes that race, either one's files serve both.
 */
export function unpackSwiftShader(archivePath: string, folder: string): void {
  const files = readTar(brotliDecompressSync(readFileSync(archivePath)));
  const partial = `${folder}.${randomUUID()}`;
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  try {
    for (const name of FILES) {
      const contents = files.get(name);
      if (!contents) throw new Error(`${archivePath} holds no ${name}`);
      writeFileSync(join(partial, name), contents);
    }
    if (existsSync(folder) && !isComplete(folder)) rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!isComplete(folder)) throw error;
  }
}

function isComplete(folder: string): boolean {
  return FILES.every((name) => existsSync(join(folder, name)));
}

/** Where SwiftShader lies unpacked, and what is to be called once it is loaded. */
interface Unpacked {
  folder: string;
  release: () => void;
}

/**
 * Unpacks SwiftShader, once a user, into their cache; where that cannot be written, each time into a temporary folder
 * with an unforeseeable name, since a fixed one there could have been prepared by somebody else.
 */
function unpacked(packagePath: string): Unpacked {
  const archive = join(packagePath, 'bin', 'swiftshader.tar.br');
  const { version } = JSON.parse(readFileSync(join(packagePath, 'package.json'), 'utf8')) as {
    version: string;
  };
  try {
    const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
    const folder = join(cache, 'float-webgpu', `swiftshader-${version}`);
    if (!isComplete(folder)) unpackSwiftShader(archive, folder);
    return { folder, release: () => undefined };
  } catch {
    const temporary = mkdtempSync(join(tmpdir(), 'float-webgpu-'));
    const folder = join(temporary, 'swiftshader');
    unpackSwiftShader(archive, folder);
    return { folder, release: () => rmSync(temporary, { recursive: true, force: true }) };
  }
}

/**
 * Makes SwiftShader the Vulkan that Dawn finds while `use` runs. Dawn loads `libvulkan.so.1` by that name, which a
 * library already loaded under it satisfies; the loader reads its drivers from the environment, which is put back
 * afterwards so that programs started later see their own Vulkan.
 *
 * @returns what `use` returns, or undefined where the package is missing or this is not Linux on x64.
 */
export async function withSwiftShader<T>(use: () => Promise<T>): Promise<T | undefined> {
  const packagePath = packageFolder();
  if (packagePath === undefined) return undefined;
  const { folder, release } = unpacked(packagePath);
  const before = DRIVER_VARIABLES.map((name) => process.env[name]);
  for (const name of DRIVER_VARIABLES) process.env[name] = join(folder, MANIFEST);
  try {
    loadLibrary(join(folder, LOADER));
    return await use();
  } finally {
    DRIVER_VARIABLES.forEach((name, i) => {
      const value = before[i];
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    });
    release();
  }
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
