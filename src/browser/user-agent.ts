/** What a user-agent string tells, for advice alone: nothing is switched on or off by it. */
export interface Browser {
  readonly name: 'Chrome' | 'Edge' | 'Firefox' | 'Safari' | 'this browser';
  /** "141", or "18.4". */
  readonly version?: string;
  readonly system: 'Windows' | 'macOS' | 'Linux' | 'Android' | 'iOS' | 'this system';
}

/** In this order: Edge also says Chrome, and everything says Safari. On iOS the three have names of their own. */
const NAMES: readonly (readonly [Browser['name'], RegExp])[] = [
  ['Edge', /\b(?:Edg|EdgA|EdgiOS)\/(\d+)/],
  ['Firefox', /\b(?:Firefox|FxiOS)\/(\d+)/],
  ['Chrome', /\b(?:Chrome|Chromium|HeadlessChrome|CriOS)\/(\d+)/],
  ['Safari', /\bVersion\/(\d+(?:\.\d+)?).*\bSafari\//],
];
/** Android also says Linux, and iPhones say Mac OS X. An iPad may say that it is a Mac. */
const SYSTEMS: readonly (readonly [Browser['system'], RegExp])[] = [
  ['iOS', /\b(?:iPhone|iPad|iPod)\b/],
  ['Android', /\bAndroid\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMacintosh\b/],
  ['Linux', /\b(?:Linux|CrOS)\b/],
];

export function browserOf(userAgent: string): Browser {
  const system = SYSTEMS.find(([, pattern]) => pattern.test(userAgent))?.[0] ?? 'this system';
  for (const [name, pattern] of NAMES) {
    const version = pattern.exec(userAgent)?.[1];
    if (version !== undefined) return { name, version, system };
  }
  return { name: 'this browser', system };
}
