/** The emotions of the speech classifier, in the order of its outputs and of `we` (Sec. 5 of docs/model.md). */
export const emotions = ['angry', 'disgust', 'fear', 'happy', 'neutral', 'sad', 'surprise'] as const;
export type Emotion = (typeof emotions)[number];

/** The emotion condition that redirects to one emotion: 1 there and 0 elsewhere, `[7]`. */
export function oneHot(emotion: Emotion): Float32Array<ArrayBuffer> {
  return Float32Array.from(emotions, (name) => (name === emotion ? 1 : 0));
}
