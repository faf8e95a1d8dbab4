import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { InputError } from '../base/errors.js';

/** What decides where it is; of the process unless given. */
export interface UserPlace {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly platform?: NodeJS.Platform;
  readonly home?: () => string;
}

/**
 * The folder of this user's data, the only place that says so: `FLOAT_HOME`; else `float-webgpu` under `%LOCALAPPDATA%`
 * (Windows), `~/Library/Application Support` (macOS), or elsewhere `XDG_DATA_HOME`, `~/.local/share` unless that is set.
 * It need not exist.
 *
 * @throws InputError for a user without a home.
 */
export function userDataFolder(place: UserPlace = {}): string {
  const { env = process.env, platform = process.platform, home = homedir } = place;
  const own = env['FLOAT_HOME'];
  if (own) return resolve(own);
  return join(systemFolder(env, platform, home), 'float-webgpu');
}

function systemFolder(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  home: () => string,
): string {
  // The base directory specification has relative paths ignored.
  const stated = env[platform === 'win32' ? 'LOCALAPPDATA' : 'XDG_DATA_HOME'];
  if (platform !== 'darwin' && stated && isAbsolute(stated)) return stated;
  const under = (...names: string[]) => {
    try {
      return join(home(), ...names);
    } catch {
      throw new InputError('this user has no home folder: set FLOAT_HOME to a folder for weights');
    }
  };
  if (platform === 'win32') return under('AppData', 'Local');
  return platform === 'darwin' ? under('Library', 'Application Support') : under('.local', 'share');
}
