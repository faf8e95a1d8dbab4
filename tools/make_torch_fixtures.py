"""Writes test/fixtures/torch with PyTorch itself (Debian 12: apt-get install python3-torch; usage: /usr/bin/python3
tools/make_torch_fixtures.py). Needed only to change the fixtures: they are committed.

  zip.pth legacy.pth protocol4.pth   the same tensors of every kind, with expected.json: dtype, shape, float32 values
  wrapped.pth                        a state dictionary beside other things
  malicious.pth malicious-legacy.pth objects that would run a command
  tiny/                              golden/tiny/weights.safetensors as people have the real ones: float.pth and two
                                     Hugging Face directories

Afterwards: npx prettier --write test/fixtures/torch
"""
import base64
import collections
import json
import os
import pathlib
import struct

import numpy as np
import torch

root = pathlib.Path(__file__).resolve().parent.parent
out = root / 'test/fixtures/torch'
torch.manual_seed(1)


def special(dtype):
    """Every kind of number: subnormals, the largest, infinities, NaN, both zeros."""
    info = torch.finfo(dtype)
    values = [0.0, -0.0, 1.0, -1.5, info.tiny, info.tiny / 2, info.max, -info.max, float('inf'), -float('inf'), float('nan')]
    return torch.tensor(values, dtype=torch.float64).to(dtype)


def tensors():
    base = torch.randn(6, 8)
    state = collections.OrderedDict()
    state['float'] = torch.randn(3, 4, 5)
    state['float.special'] = special(torch.float32)
    state['half'] = torch.randn(7, 3).half()
    state['half.special'] = special(torch.float16)
    state['bfloat16'] = torch.randn(5, 2).bfloat16()
    state['bfloat16.special'] = special(torch.bfloat16)
    state['double'] = torch.randn(4, dtype=torch.float64)
    state['int64'] = torch.arange(-3, 3)
    state['int32'] = torch.tensor([1 << 24, -5, 0], dtype=torch.int32)
    state['int16'] = torch.tensor([-32768, 32767], dtype=torch.int16)
    state['int8'] = torch.tensor([-128, 127], dtype=torch.int8)
    state['uint8'] = torch.tensor([0, 255], dtype=torch.uint8)
    state['bool'] = torch.tensor([[True, False], [False, True]])
    state['parameter'] = torch.nn.Parameter(torch.randn(2, 3))
    state['transposed'] = base.t()
    state['permuted'] = torch.randn(2, 3, 4, 5).permute(3, 0, 2, 1)
    state['strided'] = base[1::2, 2:7:2]
    state['channels_last'] = torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last)
    state['slice'] = base[2]
    state['whole'] = base
    state['half.transposed'] = torch.randn(3, 5).half().t()
    state['scalar'] = torch.tensor(2.5)
    state['empty'] = torch.zeros(0, 4)
    state['ones'] = torch.randn(1, 4, 1).transpose(0, 2)
    return state


def expected(state):
    entries = {}
    for name, tensor in state.items():
        tensor = tensor.detach()
        entry = {'dtype': str(tensor.dtype).split('.')[1], 'shape': list(tensor.shape)}
        if tensor.dtype not in (torch.float64, torch.int64):
            data = tensor.float().contiguous().numpy().astype('<f4').tobytes()
            entry['float32'] = base64.b64encode(data).decode()
        entries[name] = entry
    return entries


class Command:
    def __reduce__(self):
        return os.system, ('echo this must never run',)


def read_safetensors(path):
    data = path.read_bytes()
    length, = struct.unpack('<Q', data[:8])
    header = json.loads(data[8:8 + length])
    header.pop('__metadata__', None)
    read = lambda e: np.frombuffer(data[8 + length:][slice(*e['data_offsets'])], '<f4').reshape(e['shape']).copy()
    return {name: torch.from_numpy(read(entry)) for name, entry in header.items()}


def write_safetensors(path, state):
    header, data = {'__metadata__': {'format': 'pt'}}, b''
    for name, tensor in state.items():
        part = tensor.numpy().astype('<f4').tobytes()
        header[name] = {'dtype': 'F32', 'shape': list(tensor.shape), 'data_offsets': [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack('<Q', len(text)) + text + data)


def part_of(state, prefix):
    return {name[len(prefix):]: tensor for name, tensor in state.items() if name.startswith(prefix)}


def tiny():
    folder = out / 'tiny'
    speech, emotion = folder / 'wav2vec2-base-960h', folder / 'wav2vec-english-speech-emotion-recognition'
    for directory in (speech, emotion):
        directory.mkdir(parents=True, exist_ok=True)
    state = read_safetensors(root / 'golden/tiny/weights.safetensors')
    config = json.loads((root / 'golden/tiny/weights.json').read_text())
    outside = ('audio_encoder.wav2vec2.', 'emotion_encoder.')
    own = {name: tensor for name, tensor in state.items() if not name.startswith(outside)}
    own['fmt.alignment_mask'] = torch.ones(1, 1, 4, 4, dtype=torch.bool)
    torch.save(own, folder / 'float.pth')

    # Named as newer PyTorch names a weight-normalised convolution, with the head of speech recognition, in the old format.
    recogniser = {
        name.replace('.weight_g', '.parametrizations.weight.original0').replace(
            '.weight_v', '.parametrizations.weight.original1'): torch.nn.Parameter(tensor)
        for name, tensor in part_of(state, 'audio_encoder.').items() if name.startswith('wav2vec2.')
    }
    recogniser['wav2vec2.masked_spec_embed'] = torch.zeros(4)
    recogniser['lm_head.weight'] = torch.zeros(3, 4)
    recogniser['lm_head.bias'] = torch.zeros(3)
    torch.save(recogniser, speech / 'pytorch_model.bin', _use_new_zipfile_serialization=False)
    write_safetensors(emotion / 'model.safetensors', part_of(state, 'emotion_encoder.wav2vec2_for_emotion.'))

    common = {'model_type': 'wav2vec2', 'hidden_act': 'gelu', 'layer_norm_eps': 1e-05, 'vocab_size': 32}
    labels = ['angry', 'disgust', 'fear', 'happy', 'neutral', 'sad', 'surprise']
    sizes = {name: value for name, value in config['emotion'].items() if name != 'num_labels'}
    sizes['id2label'] = {str(i): label for i, label in enumerate(labels)}
    write_json(speech / 'config.json', {'architectures': ['Wav2Vec2ForCTC'], **common, **config['wav2vec2']})
    write_json(emotion / 'config.json', {'architectures': ['Wav2Vec2ForSpeechClassification'], **common, **sizes})
    # The sizes of FLOAT itself: the published ones would not fit.
    write_json(folder / 'config.json', {'config': config['config']})


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1) + '\n')


out.mkdir(parents=True, exist_ok=True)
state = tensors()
torch.save(state, out / 'zip.pth')
torch.save(state, out / 'legacy.pth', _use_new_zipfile_serialization=False)
torch.save(state, out / 'protocol4.pth', pickle_protocol=4)
write_json(out / 'expected.json', expected(state))
linear = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
torch.save({'epoch': 3, 'note': 'plain', 'lr': 1e-4, 'steps': [1, (2, None)], 'state_dict': linear.state_dict()}, out / 'wrapped.pth')
write_json(out / 'wrapped.expected.json', expected(linear.state_dict()))
torch.save({'a': torch.zeros(2), 'b': Command()}, out / 'malicious.pth')
torch.save(Command(), out / 'malicious-legacy.pth', _use_new_zipfile_serialization=False)
tiny()
