"""Weights and golden tensors for the PyTorch baseline, read without packages; golden/README.md says what they are."""
import json
import struct
import wave as wave_module
import zlib
from pathlib import Path

import torch

root = Path(__file__).parent.parent
folders = {'tiny': 'golden/tiny', 'demo': 'weights/demo', 'full': 'golden/full'}


def read_safetensors(path):
    data = bytearray(Path(path).read_bytes())
    (length,) = struct.unpack('<Q', data[:8])
    types = {'F32': torch.float32, 'F16': torch.float16, 'BF16': torch.bfloat16}
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name != '__metadata__':
            start, end = (8 + length + offset for offset in entry['data_offsets'])
            values = torch.frombuffer(data[start:end], dtype=types[entry['dtype']])
            tensors[name] = values.float().reshape(entry['shape'])
    return tensors


def synthetic(name, shape, scale, shift):
    """The golden sets' weights: FNV-1a of the name, then murmur3's finaliser of seed + i·golden ratio."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = (seed ^ byte) * 0x01000193 % 2**32
    x = (seed + torch.arange(torch.Size(shape).numel()) * 0x9E3779B9) % 2**32
    for shift_by, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x = x ^ (x >> shift_by)
        # In two halves: the product of two 32-bit numbers does not fit a signed 64-bit one.
        x = ((x & 0xFFFF) * factor + (((x >> 16) * factor % 2**16) << 16)) % 2**32
    x = x ^ (x >> 16)
    unit = (x >> 8).float() * 2.0**-23 - 1
    return (torch.tensor(scale, dtype=torch.float32) * unit + torch.tensor(shift, dtype=torch.float32)).reshape(shape)


def read_weights(sizes):
    """The configuration and tensors of one of the sizes."""
    folder = root / folders[sizes]
    if (folder / 'config.json').exists():
        return json.loads((folder / 'config.json').read_text()), read_safetensors(folder / 'weights.safetensors')
    listed = json.loads((folder / 'weights.json').read_text())
    tensors = {name: synthetic(name, **entry) for name, entry in listed['tensors'].items()}
    return listed, tensors


def read_png(path):
    """An 8-bit RGB picture as [1,3,S,S], −1 … 1."""
    data, at, packed = Path(path).read_bytes(), 8, b''
    while at < len(data):
        (length,), kind = struct.unpack('>I', data[at : at + 4]), data[at + 4 : at + 8]
        content = data[at + 8 : at + 8 + length]
        if kind == b'IHDR':
            width, height, depth, colour = struct.unpack('>IIBB', content[:10])
        elif kind == b'IDAT':
            packed += content
        at += 12 + length
    if (depth, colour) != (8, 2):
        raise ValueError(f'{path}: expected 8-bit RGB')
    rows, stride = zlib.decompress(packed), 3 * width
    above, picture = bytearray(stride), bytearray()
    for y in range(height):
        filtered, row = rows[y * (stride + 1)], bytearray(rows[y * (stride + 1) + 1 : (y + 1) * (stride + 1)])
        for i in range(stride):
            a, b, c = (row[i - 3], above[i], above[i - 3]) if i >= 3 else (0, above[i], 0)
            paeth = min((a, b, c), key=lambda v: abs(a + b - c - v))
            row[i] = (row[i] + (0, a, b, (a + b) // 2, paeth)[filtered]) % 256
        picture += row
        above = row
    return torch.frombuffer(picture, dtype=torch.uint8).reshape(1, height, width, 3).permute(0, 3, 1, 2) / 127.5 - 1


def read_wave(path):
    """16-bit mono as [1,n], −1 … 1."""
    with wave_module.open(str(path)) as file:
        data = bytearray(file.readframes(file.getnframes()))
    return torch.frombuffer(data, dtype=torch.int16).float()[None] / 32768


def normalised(wave):
    """Zero mean, unit variance; wave [B,n]."""
    return (wave - wave.mean()) / torch.sqrt(wave.var(unbiased=False) + 1e-7)


def relative_error(values, expected):
    return ((values - expected).double().norm() / expected.double().norm()).item()


@torch.no_grad()
def check(model, sizes):
    """Golden stage → (relative L2 error, PyTorch's own error in float32 as the golden set states it)."""
    folder = root / 'golden' / sizes
    errors = {}

    def compare(stage, name, value):
        expected = read_safetensors(folder / f'{stage}.safetensors')[name]
        entry = json.loads((folder / f'{stage}.json').read_text())['tensors'][name]
        flat = value.detach().float().cpu().flatten()
        if entry['kind'] == 'probe':
            flat = flat[(torch.arange(4096) * 2654435761 + 12345) % flat.numel()]
        errors[f'{stage} {name}'] = relative_error(flat, expected.flatten()), entry['torch_f32_error']

    device = next(model.parameters()).device
    given = lambda stage: {k: v.to(device) for k, v in read_safetensors(folder / f'{stage}.safetensors').items()}
    autoencoder = model.motion_autoencoder
    s_r, coefficients, features = autoencoder.enc(read_png(folder / 'image.png').to(device))
    r_s = coefficients @ autoencoder.directions().T
    compare('encode', 's_r', s_r)
    compare('encode', 'r_s', r_s)
    if (folder / 'decode.json').exists():
        compare('decode', 'frame', autoencoder.dec(given('decode')['latent'], features))
        fmt = {name.removeprefix('in.'): value for name, value in given('fmt').items() if name.startswith('in.')}
        conditions = [fmt[name] for name in ('t', 'x', 'wa', 'wr')] + [fmt['we'][:, 0], fmt['prev_x'], fmt['prev_wa']]
        compare('fmt', 'out', model.fmt(*conditions))
        compare('fmt', 'guided.a2.e3', model.fmt.guided(*conditions, 2, 3))
    wave = normalised(read_wave(folder / 'wave.wav')).to(device)
    compare('audio', 'wa', model.audio_encoder(wave))
    compare('emotion', 'probabilities', model.emotion_encoder(wave))
    return errors
