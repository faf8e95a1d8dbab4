import type { FailureKind, RunListener } from './engine/api.js';
import type { LinkProblem } from './settings.js';

type Stage = Parameters<RunListener['onStage']>[0];

const decimal = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const fixed = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** Bytes as one reads them: "8.1 MB". */
function bytes(count: number): string {
  if (count < 1e6) return `${whole.format(count / 1e3)} kB`;
  return count < 1e9 ? `${decimal.format(count / 1e6)} MB` : `${decimal.format(count / 1e9)} GB`;
}

/** A duration as one says it: "8 s", "2 min 5 s". */
function duration(seconds: number): string {
  const all = Math.max(0, Math.round(seconds));
  return all < 60 ? `${all} s` : `${Math.floor(all / 60)} min ${all % 60} s`;
}

/** Everything that the page says, in one place. */
export const texts = {
  name: 'float-webgpu',
  heading: 'Make a portrait talk',
  lead: 'One picture and one recording become a video of that person speaking.',
  privacy: 'It is computed on this device: nothing you choose is uploaded.',
  skip: 'Skip to the video',
  dropHere: 'Drop a portrait, speech or a checkpoint',
  dismiss: 'Dismiss',
  retry: 'Try again',
  cancel: 'Cancel',
  unknownFile: (name: string) =>
    `${name} is neither a picture, nor a recording, nor a checkpoint. Drop a PNG, JPEG or WebP, a WAV, MP3, FLAC or OGG, or a .safetensors or .pth file.`,
  notFetched: (name: string) =>
    `${name} could not be fetched. Check the connection, or choose a file of your own.`,

  adapter: (name: string) => `Graphics: ${name}.`,
  software: 'The processor stands in for a graphics card here: expect a few frames a second.',

  portrait: {
    heading: 'Portrait',
    examples: 'Example portraits',
    alt: {
      portrait1: 'Long dark hair, brown eyes, green background',
      portrait2: 'Short dark hair, round glasses, light blue background',
      portrait3: 'Straight dark hair, light blue background',
      portrait4: 'Brown hair, dark skin, blue background',
      portrait5: 'Long red hair, green background',
      portrait6: 'Brown hair, blue eyes, pink background',
    },
    own: 'Your picture',
    pick: 'Choose a picture',
    camera: 'Use camera',
    loading: 'Reading the picture …',
    demoHint:
      'The demo model was trained on drawings like these. Photographs need the authors’ checkpoint, see “Model”.',
    shown: (name: string) => `The portrait, ${name}`,
    square: 'Animated square',
    squareHint:
      'Drag the square (on a touch screen tap it first), or move it with the arrow keys and resize it with plus and minus.',
    squareAt: (x: number, y: number, size: number) =>
      `It has ${size} × ${size} pixels, ${x} from the left and ${y} from the top.`,
    squareRole: 'movable square',
    findFace: 'Find the face',
    finding: 'Looking for faces …',
    found: (count: number) => (count === 1 ? 'One face found.' : `${count} faces found.`),
    noFace: 'No face found. Place the square over the head by hand.',
    reset: 'Reset square',
    faces: 'Which face',
    face: (index: number) => (index === 0 ? 'Largest' : `Face ${index + 1}`),
  },

  camera: {
    heading: 'Take a picture',
    shown: 'What the camera sees',
    take: 'Take picture',
    name: 'camera.png',
    failed: 'The camera cannot be used. Allow it in the browser’s address bar, or choose a picture.',
  },

  speech: {
    heading: 'Speech',
    examples: 'Example recordings',
    names: { neutral: 'Neutral', happy: 'Happy', angry: 'Angry' },
    own: 'Your recording',
    pick: 'Choose a recording',
    record: 'Record',
    stop: 'Stop recording',
    recording: (seconds: number) => `Recording, ${duration(seconds)}`,
    level: 'Loudness',
    recordedName: 'recording.webm',
    loading: 'Reading the recording …',
    play: 'Play the speech',
    pause: 'Pause the speech',
    seconds: (seconds: number) => `${fixed.format(seconds)} s`,
    waveform: (seconds: number) => `Waveform of ${fixed.format(seconds)} seconds of speech`,
    failed: 'The microphone cannot be used. Allow it in the browser’s address bar, or choose a recording.',
    unplayable: 'This browser cannot play the recording by itself. It can still be animated.',
  },

  model: {
    heading: 'Model',
    legend: 'Which model',
    demo: 'Demo',
    demoNote: '64 × 64 drawings, 8 MB, MIT licence',
    bytes,
    note: (side: number, parameters: number) =>
      `draws ${side} × ${side} pixels, ${decimal.format(parameters / 1e6)} million parameters`,
    open: 'Open your own files',
    openFolder: 'Open folder',
    openNote:
      'The authors’ float.pth with wav2vec 2.0, a safetensors file, or Hugging Face files. They are converted here and kept in this browser; nothing is uploaded.',
    licence:
      'The authors’ checkpoint has the licence CC BY-NC-ND 4.0: not for commercial use, and not to be passed on changed.',
    importing: 'Converting',
    importProgress: (done: number, total: number) => `${bytes(done)} of ${bytes(total)}`,
    loading: 'Opening the model …',
    remove: (name: string) => `Delete ${name}`,
    removeHeading: 'Delete this model?',
    removeText: (name: string, size: number) =>
      `${name} (${bytes(size)}) is removed from this browser. Your own files stay where they are.`,
    removeConfirm: 'Delete',
  },

  settings: {
    heading: 'Settings',
    summary: (changed: number) => (changed === 0 ? 'all at their defaults' : `${changed} changed`),
    seed: 'Seed',
    seedHint: 'The same seed makes the same video, on every machine.',
    dice: 'Roll a new seed',
    nfe: 'ODE steps (NFE)',
    nfeHint: 'More is finer and slower.',
    solver: 'Solver',
    audioGuidance: 'Audio guidance',
    audioGuidanceHint: 'How strongly lips and head follow the speech.',
    emotionGuidance: 'Emotion guidance',
    emotionGuidanceHint: 'How strongly the expression follows the emotion.',
    guidanceText: (label: string) => `${label}, number or over time`,
    guidanceWrong: 'Expected a number, or numbers over time as in 2@0,1@4.',
    motionScale: 'Head motion',
    motionScaleHint: 'How much the head moves; 0 keeps it still.',
    size: 'Video size',
    sizes: (pixels: number) => (pixels === 0 ? 'Automatic' : `${pixels} pixels`),
    pasteBack: 'Put the talking square back into the whole picture',
    pasteBackHint: 'The outlined square will move; its border fades into the picture.',
    mark: 'Show “AI” in the corner of the video',
    numberWrong: (least: number, most: number) => `Expected a whole number from ${least} to ${most}.`,
    reset: 'Reset all settings',
    copyLink: 'Copy link',
    copied: 'Link copied. It holds the settings, never your files.',
    notCopied: 'The browser did not allow copying. The link is in the address bar.',
    linkProblems: (problems: readonly LinkProblem[]) =>
      `The link says something this page does not understand and leaves out: ${problems
        .map(({ key, value }) => `${key}=${value}`.slice(0, 60))
        .join(', ')}`,
  },

  emotion: {
    heading: 'Emotion over time',
    hint: 'What the face shows. “As heard” follows the voice.',
    names: {
      heard: 'As heard',
      angry: 'Angry',
      disgust: 'Disgust',
      fear: 'Fear',
      happy: 'Happy',
      neutral: 'Neutral',
      sad: 'Sad',
      surprise: 'Surprise',
    },
    timeline: 'Emotion over the speech’s time',
    emotionOf: (index: number) => `Emotion ${index + 1}`,
    timeOf: (index: number) => `Start of emotion ${index + 1}, in seconds`,
    strengthOf: (index: number) => `Strength of emotion ${index + 1}`,
    fromStart: 'from the start',
    from: 'from',
    second: 's',
    percent: (part: number) => `${Math.round(part * 100)} %`,
    remove: (index: number) => `Remove emotion ${index + 1}`,
    add: 'Add a change',
  },

  run: {
    heading: 'Video',
    generate: 'Generate',
    again: 'Generate again',
    preview: 'Preview of the part that will move',
    previewPasteBack: 'Preview: the outlined square will move, its border faded into the picture',
    missing: 'Choose a portrait and a recording first.',
    video: 'The generated video',
    progress: 'Progress',
    stages: {
      model: 'Loading the model',
      portrait: 'Encoding the portrait',
      speech: 'Listening to the speech',
      emotion: 'Hearing the emotion',
      motion: 'Sampling the motion',
      frames: 'Drawing frames',
      finish: 'Finishing the video',
    } satisfies Record<Stage | 'model' | 'finish', string>,
    frames: (done: number, total: number) => `${done} of ${total} frames`,
    rate: (rate: number) => `${fixed.format(rate)} frames a second`,
    left: (seconds: number) => `about ${duration(seconds)} left`,
    early: 'Press play at any time; playing starts by itself when it can go on to the end.',
    done: (frames: number, seconds: number) => `Done: ${frames} frames in ${duration(seconds)}.`,
    cancelled: 'Cancelled. Nothing was lost.',
    caption: 'AI-generated',
    summary: (width: number, height: number, fps: number, frames: number, seconds: number) =>
      `${width} × ${height}, ${frames} frames at ${fps} a second, made in ${duration(seconds)}`,
    silent: 'This browser cannot encode sound: the video is silent.',
    save: 'Save the result',
    saveVideo: 'Save MP4',
    saveFrames: 'Save PNGs',
    saveMotion: 'Save motion',
    saving: (done: number, total: number) => `Packing ${done} of ${total}`,
    fileName: 'talking-portrait',
  },

  inside: {
    heading: 'Look inside',
    note: 'the motion, the warping, the attention, frame by frame',
    loading: 'Opening …',
    waiting: 'A new video is being made; it can be looked into when it is done.',
  },

  failures: {
    hints: {
      Input: '',
      NoWebGpu: '',
      DeviceLost: 'Your portrait, speech and settings are still here.',
      OutOfMemory: 'Close other tabs, choose a smaller video size or a shorter recording, then try again.',
      NoVideoEncoder: '',
      Cancelled: '',
      Unexpected: 'Try again; if it happens again, reload the page.',
    } satisfies Record<FailureKind, string>,
  },

  footer: {
    consent:
      'Animate your own face, or one whose owner agreed to this video, and say that it is generated. The file’s metadata says so, too.',
    paper: 'Paper: FLOAT (Ki, Min, Chae, ICCV 2025)',
    paperUrl: 'https://arxiv.org/abs/2412.01064',
    licence: 'This page and the demo model: MIT licence.',
  },
} as const;
