/** What a file is taken for when it is dropped: the engine looks inside and has the last word. */
export type FileKind = 'portrait' | 'speech' | 'model';

const endings: readonly (readonly [FileKind, RegExp])[] = [
  ['portrait', /\.(png|jpe?g|webp|avif|gif|bmp)$/i],
  ['speech', /\.(wav|mp3|m4a|aac|ogg|oga|opus|flac|webm|mp4|mov)$/i],
  ['model', /\.(pth|pt|bin|ckpt|safetensors|json)$/i],
];

export function fileKind({
  name,
  type,
}: {
  readonly name: string;
  readonly type: string;
}): FileKind | undefined {
  if (type.startsWith('image/')) return 'portrait';
  if (type.startsWith('audio/') || type.startsWith('video/')) return 'speech';
  return endings.find(([, ending]) => ending.test(name))?.[0];
}

/** Dropped files by kind: of portraits and recordings the first; all of a model's files belong together. */
export function sortFiles<File extends { readonly name: string; readonly type: string }>(
  files: readonly File[],
) {
  const of = (kind: FileKind | undefined) => files.filter((file) => fileKind(file) === kind);
  return { portrait: of('portrait')[0], speech: of('speech')[0], model: of('model'), unknown: of(undefined) };
}
