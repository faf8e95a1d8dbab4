import type { SolverName } from 'float-webgpu';
import { coefficient, number, percent } from './inside/numbers.js';
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
    hiddenColours: 'Show the colours under transparency',
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

const times = (seconds: number) => `${number(seconds)} s`;

const solverNames: Record<SolverName, string> = {
  euler: 'Euler’s method',
  midpoint: 'the midpoint method',
  heun: 'Heun’s method',
  rk4: 'the fourth-order Runge–Kutta method',
  dopri5: 'Dormand and Prince’s method',
};

/** What looking inside says. */
export const insideTexts = {
  panels: 'Panels',
  frame: 'Frame',
  frameAt: (index: number, count: number, seconds: number) =>
    `${index + 1} of ${count}, at ${seconds.toFixed(2)} s`,
  computing: 'Computing …',
  retry: 'Try again',
  cancelled: 'This stopped because a new video is being made.',
  newTab: 'Opens in a new tab',
  model: 'In the model’s description',
  kernel: (name: string) => `Kernel ${name}`,
  /** Directions that nobody has named are called by their λ. */
  direction: (name: string | undefined, index: number) => name ?? `λ${subscript(index + 1)}`,

  motion: {
    tab: 'Motion λ',
    intro:
      'The motion of every frame is a short list of numbers: how far it goes along each of the orthogonal directions that the model has learnt. These are those numbers over the video. Click to go to a frame.',
    equation: 'r = Σₘ λₘ vₘ,\u2003so\u2003λ = Qᵀ r',
    xTitle: 'seconds',
    yTitle: 'λ',
    choose: 'Directions',
    most: 'The liveliest',
    all: 'All',
    none: 'None',
    value: coefficient,
    ranges: (name: string, least: number, leastAt: number, most: number, mostAt: number) =>
      `${name} lies between ${coefficient(least)} (at ${times(leastAt)}) and ${coefficient(most)} (at ${times(mostAt)})`,
    empty: 'No direction is chosen.',
    portrait: 'The marks at the left are the portrait’s own λ.',
  },

  directions: {
    tab: 'Directions',
    intro:
      'Each direction is one way in which this face can move, and who it is is kept apart from all of them. With every λ at 0 the decoder draws that identity alone, without the portrait’s pose and expression. Move the sliders, or let one sweep.',
    equation: 'picture = decoder(sᵣ + Σₘ λₘ vₘ)',
    start: 'Start from',
    portrait: 'Portrait',
    fromFrame: 'This frame',
    identity: 'Identity only',
    portraitShown: 'The portrait’s own λ',
    identityShown: 'Identity only, λ = 0',
    yours: 'Your λ',
    sweep: (name: string) => `Sweep ${name} to and fro`,
    stop: (name: string) => `Stop sweeping ${name}`,
    beyond: (part: number) =>
      part < 0.005
        ? 'The directions span all of this video’s motion.'
        : `${percent(part)} of this video’s motion (in norm) lies along none of the directions: a frame drawn from its λ can differ a little from the video’s.`,
    changed: (changes: readonly string[]) =>
      changes.length === 0 ? 'As in the portrait.' : `Against the portrait: ${changes.join(', ')}.`,
    change: (name: string, by: number) => `${name} ${by > 0 ? '+' : ''}${coefficient(by)}`,
  },

  flow: {
    tab: 'Flow & mask',
    intro:
      'At every resolution the decoder fetches features of the portrait from other places (flow) and decides how much of them to use (mask); the rest it makes up. The picture is made from the warped features alone.',
    equation:
      'warped = m · sample(feature, identity + tanh o₁₂),\u2003m = σ(o₃),\u2003h ← warped + (1 − m) · h',
    columns: {
      flow: 'Flow',
      mask: 'Mask',
      feature: 'Portrait’s feature',
      warped: 'Warped feature',
    },
    level: (side: number) => `${side} × ${side}`,
    picture: (index: number) => `Frame ${index + 1}`,
    full: (pixels: number) => `full colour: ${number(pixels)} pixels`,
    legend:
      'Colour of the flow: the direction that a pixel is fetched from, fuller where that is further away',
    legendNote:
      'The colour tells from which direction a pixel is fetched, and its strength how far. Masks are white where all is fetched; features are the mean of |x| over channels, before and after on one scale. Even at rest the published model’s grid is up to half a pixel off towards the borders.',
    summary: (side: number, mean: number, most: number, mask: number) =>
      `At ${side} × ${side}, features are fetched from ${number(mean)} pixels away on average and ${number(most)} at most; the mask lets through ${percent(mask)}.`,
    columnOf: (column: string, side: number) => `${column} at ${side} × ${side}`,
  },

  attention: {
    tab: 'Attention',
    intro: (reach: number) =>
      `In the transformer each frame attends to its ${reach} nearest neighbours on either side and to nobody else, so all that is not on the band is zero. Rows are frames that look, columns the frames looked at; the first ones are the end of the window before.`,
    equation: 'A = softmax(q kᵀ / √d) within |i − j| ≤ T,\u2003zero outside',
    block: 'Block',
    blockAt: (index: number) => `Block ${index + 1}`,
    head: (index: number) => `Head ${index + 1}`,
    band: 'The band alone: one column for each frame, earlier neighbours above',
    window: (index: number, start: number, end: number, preceding: number) =>
      `Window ${index + 1}: frames ${start + 1} to ${end}, and the ${preceding} before them (shaded${
        index === 0 ? '; before the first window they are zeros' : ''
      }), in the last evaluation of the field. Stronger colour is more attention; the frame chosen above is outlined. Below each matrix is its band alone: one column for each frame, earlier neighbours above.`,
    summary: (head: number, own: number, earlier: number, later: number) =>
      `Head ${head + 1}: on average a frame attends ${percent(own)} to itself, ${percent(earlier)} to earlier and ${percent(later)} to later ones.`,
  },

  ode: {
    tab: 'Guidance & ODE',
    intro:
      'Motion begins as noise and is carried along a vector field for one unit of time. The field is a sum: what moves without hearing anything, what the speech adds, and what the emotion adds.',
    equation: 'dφ/dt = v,\u2003v = u + γₐ (a − u) + γₑ (all − a)',
    terms: 'Sizes of the guidance’s terms',
    termNames: {
      u: 'u, unconditioned',
      audio: 'γₐ(a − u), speech',
      emotion: 'γₑ(all − a), emotion',
      v: 'v, their sum',
    },
    termsTitle: 'norm per frame',
    time: 't',
    path: 'From noise to motion',
    pathOf: 'Direction',
    pathNote: 'Each line is a frame of this window; the thick one is the frame chosen above.',
    termsSummary: (u: number, audio: number, emotion: number, end: string) =>
      `At the start u is ${number(u)}, the speech’s term ${number(audio)} and the emotion’s ${number(emotion)}; ${end}.`,
    termsEnd: (u: number, audio: number, emotion: number) =>
      `in the last step ${number(u)}, ${number(audio)} and ${number(emotion)}`,
    pathSummary: (name: string, from: number, to: number, spreadFrom: number, spreadTo: number) =>
      `In this frame ${name} goes from ${coefficient(from)} in the noise to ${coefficient(to)}; over the window’s frames its standard deviation goes from ${coefficient(spreadFrom)} to ${coefficient(spreadTo)}.`,
    solver: (name: SolverName, steps: number) =>
      `${
        name === 'dopri5'
          ? `The run used ${solverNames[name]}, which chooses its own steps; shown is Euler’s`
          : `Solved by ${solverNames[name]}`
      } in ${steps} ${steps === 1 ? 'step' : 'steps'} from the run’s own noise, before the head motion setting.`,
  },

  kernels: {
    tab: 'Kernels',
    intro:
      'Everything runs as small programs on the GPU. These are the times of each, for one frame’s decoding and for one evaluation of the vector field under three conditions.',
    equation: 'time of a launch = timestamp after − timestamp before',
    missing:
      'This browser’s GPU tells no times: it has no “timestamp-query”. Chrome and Edge on most desktop computers have it.',
    plans: { decoder: 'Decoding one frame', field: 'One evaluation of the field' },
    caption: (plan: string, milliseconds: number, launches: number) =>
      `${plan}: ${number(milliseconds)} ms in ${launches} launches`,
    kernel: 'Kernel',
    launches: 'Launches',
    time: 'ms',
    share: 'Share',
    each: 'Every launch',
    launch: 'Launch and shapes',
    again: 'Measure again',
    rounded: 'Browsers round such times to 0.1 ms, so these are means over several runs.',
  },
} as const;

function subscript(value: number): string {
  return [...String(value)].map((digit) => '₀₁₂₃₄₅₆₇₈₉'[Number(digit)]).join('');
}
