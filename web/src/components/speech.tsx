import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { chooseSpeech, chooseSpeechExample } from '../actions.js';
import { speechNames } from '../settings.js';
import type { Speech } from '../state.js';
import { busy, fail, speech } from '../state.js';
import { texts } from '../texts.js';
import { Alert } from './alert.js';
import { Button, Card, Choice, FileButton, IconButton } from './controls.js';
import type { Recording } from './microphone.js';
import { startRecording } from './microphone.js';
import { Waveform } from './waveform.js';

export function SpeechCard() {
  const chosen = speech.value;
  const recording = useSignal<Recording | undefined>(undefined);
  const record = async () => {
    try {
      recording.value = await startRecording();
    } catch {
      fail('speech', Object.assign(new Error(texts.speech.failed), { name: 'Input' }));
    }
  };
  const stop = async () => {
    const file = await recording.value?.stop();
    recording.value = undefined;
    if (file) await chooseSpeech(file, texts.speech.recordedName);
  };
  return (
    <Card id="speech" heading={texts.speech.heading}>
      <Alert place="speech" />
      <fieldset class="row">
        <legend>{texts.speech.examples}</legend>
        {speechNames.map((name) => (
          <Choice
            key={name}
            group="speech"
            checked={chosen?.example === name}
            onChoose={() => void chooseSpeechExample(name)}
          >
            {texts.speech.names[name]}
          </Choice>
        ))}
      </fieldset>
      {chosen ? <SpeechPlayer key={chosen.url} speech={chosen} /> : <div class="speech-player" />}
      <div class="row">
        <FileButton
          icon="upload"
          label={texts.speech.pick}
          accept="audio/*,video/*,.wav,.mp3,.flac,.ogg,.opus,.m4a"
          disabled={recording.value !== undefined}
          onFiles={([file]) => file && void chooseSpeech(file, file.name)}
        />
        <Button
          icon={recording.value ? 'stop' : 'microphone'}
          label={recording.value ? texts.speech.stop : texts.speech.record}
          onClick={() => void (recording.value ? stop() : record())}
        />
        {recording.value && <RecordingMeter recording={recording.value} />}
      </div>
      <p class="hint" role="status">
        {busy.value.speech && texts.speech.loading}
      </p>
    </Card>
  );
}

function SpeechPlayer({ speech: { name, url, seconds, peaks, example } }: { readonly speech: Speech }) {
  const audio = useRef<HTMLAudioElement>(null);
  const playing = useSignal(false);
  const position = useSignal(0);
  const unplayable = useSignal(false);
  const toggle = () => {
    if (playing.value) audio.current?.pause();
    else audio.current?.play().catch(() => (unplayable.value = true));
  };
  return (
    <>
      <div class="speech-player">
        <audio
          ref={audio}
          src={url}
          preload="metadata"
          onPlay={() => (playing.value = true)}
          onPause={() => (playing.value = false)}
          onTimeUpdate={({ currentTarget }) => (position.value = currentTarget.currentTime)}
        />
        <IconButton
          icon={playing.value ? 'pause' : 'play'}
          label={playing.value ? texts.speech.pause : texts.speech.play}
          onClick={toggle}
        />
        <div class="track">
          <Waveform peaks={peaks} label={texts.speech.waveform(seconds)} />
          {position.value > 0 && (
            <div class="cursor" style={{ left: `${Math.min(100, (100 * position.value) / seconds)}%` }} />
          )}
        </div>
        <span class="numbers">{texts.speech.seconds(seconds)}</span>
      </div>
      {!example && <p class="hint file-name">{name}</p>}
      {unplayable.value && <p class="hint">{texts.speech.unplayable}</p>}
    </>
  );
}

function RecordingMeter({ recording }: { readonly recording: Recording }) {
  const level = useSignal(0);
  const seconds = useSignal(0);
  useEffect(() => {
    const started = performance.now();
    const timer = setInterval(() => {
      level.value = recording.level();
      seconds.value = Math.floor((performance.now() - started) / 1000);
    }, 80);
    return () => clearInterval(timer);
  }, [recording]);
  return (
    <>
      <meter aria-label={texts.speech.level} min={0} max={1} value={level} />
      <span class="hint numbers">{texts.speech.recording(seconds.value)}</span>
    </>
  );
}
