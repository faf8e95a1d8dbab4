"""FLOAT in PyTorch, for comparison: docs/model.md module by module, parameters named as in the checkpoint.

It is written to be fast in PyTorch, by the same identities as ours: modulated convolutions scale inputs and sums and share their weights,
attention is PyTorch's fused one. Nothing here depends on the device or the precision.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn


def blur_kernel(x, gain):
    """outer([1,3,3,1], [1,3,3,1])/64, one for each channel of x."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0], device=x.device, dtype=x.dtype) / 8
    return (gain * taps[:, None] * taps).expand(x.shape[1], 1, 4, 4)


def blur(x, pad, gain=1.0, stride=1):
    """upfirdn2d without upsampling; `pad` zeros on each side."""
    return F.conv2d(x, blur_kernel(x, gain), padding=pad, stride=stride, groups=x.shape[1])


def upsample(x):
    """upfirdn2d up 2, gain 4, pad (2, 1)."""
    return F.conv_transpose2d(x, blur_kernel(x, 4.0), stride=2, padding=1, groups=x.shape[1])


class EqualConv2d(nn.Module):
    def __init__(self, inputs, outputs, kernel):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.scale = 1 / math.sqrt(inputs * kernel**2)


class EqualLinear(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale = 1 / math.sqrt(inputs)

    def forward(self, x):
        return F.linear(x, self.weight * self.scale, self.bias)


class FusedLeakyReLU(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, x):
        return F.leaky_relu(x + self.bias, 0.2) * math.sqrt(2)


class ConvLayer(nn.ModuleList):
    """[Blur,] EqualConv2d [, FusedLeakyReLU]; the Blur is a placeholder that keeps the checkpoint's numbering."""

    def __init__(self, inputs, outputs, kernel, downsample=False, activate=True):
        conv = EqualConv2d(inputs, outputs, kernel)
        super().__init__([nn.Identity()] * downsample + [conv] + [FusedLeakyReLU(outputs)] * activate)
        self.downsample, self.kernel, self.activate = downsample, kernel, activate

    def forward(self, x):
        conv = self[int(self.downsample)]
        weight = conv.weight * conv.scale
        if not self.downsample:
            x = F.conv2d(x, weight, padding=self.kernel // 2)
        elif self.kernel == 1:
            x = F.conv2d(blur(x, 1, stride=2), weight)
        else:
            x = F.conv2d(blur(x, 2), weight, stride=2)
        return self[-1](x) if self.activate else x


class ResBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1 = ConvLayer(inputs, inputs, 3)
        self.conv2 = ConvLayer(inputs, outputs, 3, downsample=True)
        self.skip = ConvLayer(inputs, outputs, 1, downsample=True, activate=False)

    def forward(self, x):
        return (self.conv2(self.conv1(x)) + self.skip(x)) / math.sqrt(2)


class ModulatedConv2d(nn.Module):
    def __init__(self, inputs, outputs, kernel, style_dim, up=False):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, outputs, inputs, kernel, kernel))
        self.modulation = EqualLinear(style_dim, inputs)
        self.scale, self.kernel, self.up = 1 / math.sqrt(inputs * kernel**2), kernel, up

    def forward(self, x, z):
        """The convolution of the styled x, and the demodulation of its channels."""
        style = self.modulation(z)
        weight = self.weight[0] * self.scale
        x = x * style[:, :, None, None]
        if self.up:
            y = blur(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), 1, gain=4.0)
        else:
            y = F.conv2d(x, weight, padding=self.kernel // 2)
        norm = F.linear(style.float() ** 2, weight.float().square().sum((2, 3)))
        return y, torch.rsqrt(norm + 1e-8).to(x.dtype)[:, :, None, None]


class StyledConv(nn.Module):
    def __init__(self, inputs, outputs, style_dim, up=False):
        super().__init__()
        self.conv = ModulatedConv2d(inputs, outputs, 3, style_dim, up)
        self.noise = nn.Module()
        self.noise.weight = nn.Parameter(torch.zeros(1))  # in the checkpoint, never used
        self.activate = FusedLeakyReLU(outputs)

    def forward(self, x, z):
        y, demodulation = self.conv(x, z)
        return self.activate(y * demodulation)


class ToRGB(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1, 3, 1, 1))
        self.conv = ConvLayer(inputs, 3, 1)

    def forward(self, x, previous):
        y = self.conv(x) + self.bias
        return y if previous is None else y + upsample(previous)


class ToFlow(nn.Module):
    def __init__(self, inputs, style_dim):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1, 3, 1, 1))
        self.conv = ModulatedConv2d(inputs, 3, 1, style_dim)

    def forward(self, h, z, feature, previous):
        flow = self.conv(h, z)[0] + self.bias
        if previous is not None:
            flow = flow + upsample(previous)
        line = torch.linspace(-1, 1, h.shape[-1], device=h.device, dtype=h.dtype)
        identity = torch.stack(torch.meshgrid(line, line, indexing='xy'), -1)
        grid = identity + torch.tanh(flow[:, :2]).permute(0, 2, 3, 1)
        mask = torch.sigmoid(flow[:, 2:])
        warped = F.grid_sample(feature.expand(len(h), -1, -1, -1), grid, align_corners=False) * mask
        return warped, warped + h * (1 - mask), flow


class Encoder(nn.Module):
    def __init__(self, config, channels):
        super().__init__()
        size, d = config['input_size'], config['dim_w']
        layers = [ConvLayer(3, channels[size], 1)]
        while size > 4:
            layers.append(ResBlock(channels[size], channels[size // 2]))
            size //= 2
        self.net_app = nn.Module()
        self.net_app.convs = nn.ModuleList([*layers, EqualConv2d(channels[4], d, 4)])
        self.fc = nn.Sequential(*[EqualLinear(d, d) for _ in range(4)], EqualLinear(d, config['dim_m']))

    def forward(self, image):
        """s_r [B,d], λ [B,m] and the features at 8², 16², … S²."""
        *layers, last = self.net_app.convs
        features = [image]
        for layer in layers:
            features.append(layer(features[-1]))
        s_r = F.conv2d(features[-1], last.weight * last.scale)[:, :, 0, 0]
        return s_r, self.fc(s_r), features[-2:0:-1]


class Decoder(nn.Module):
    def __init__(self, config, channels):
        super().__init__()
        d, first = config['style_dim'], channels[4]
        self.direction = nn.Module()
        self.direction.weight = nn.Parameter(torch.randn(config['dim_w'], config['dim_m']))
        self.input = nn.Module()
        self.input.input = nn.Parameter(torch.randn(1, first, 4, 4))
        self.conv1 = StyledConv(first, first, d)
        self.to_rgb1 = ToRGB(first)  # in the checkpoint, never used
        sizes = sorted(size for size in channels if size > 4)
        convs = [(StyledConv(channels[r // 2], channels[r], d, up=True), StyledConv(channels[r], channels[r], d)) for r in sizes]
        self.convs = nn.ModuleList([conv for pair in convs for conv in pair])
        self.to_flows = nn.ModuleList([ToFlow(channels[r], d) for r in sizes])
        self.to_rgbs = nn.ModuleList([ToRGB(channels[r]) for r in sizes])

    def forward(self, z, features):
        """Latents [B,d] and one portrait's features to pictures [B,3,S,S]."""
        h = self.conv1(self.input.input.expand(len(z), -1, -1, -1), z)
        flow = rgb = None
        for k, (to_flow, to_rgb) in enumerate(zip(self.to_flows, self.to_rgbs)):
            h = self.convs[2 * k + 1](self.convs[2 * k](h, z), z)
            warped, h, flow = to_flow(h, z, features[k], flow)
            rgb = to_rgb(warped, rgb)
        return rgb


class MotionAutoencoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        channels = {int(size): count for size, count in config['channels'].items() if int(size) <= config['input_size']}
        self.enc = Encoder(config, channels)
        self.dec = Decoder(config, channels)

    def directions(self):
        """Q, which depends on the weights alone."""
        return torch.linalg.qr(self.dec.direction.weight.float() + 1e-8)[0]


def heads_of(x, heads):
    """[B,T,C] → [B,heads,T,C/heads]"""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def scaled_attention(q, k, v, mask):
    if hasattr(F, 'scaled_dot_product_attention'):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    # PyTorch before 2.
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return (scores if mask is None else scores.masked_fill(~mask, -math.inf)).softmax(-1) @ v


def attend(q, k, v, heads, mask=None):
    y = scaled_attention(heads_of(q, heads), heads_of(k, heads), heads_of(v, heads), mask)
    return y.transpose(1, 2).flatten(2)


class MLP(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x), approximate='tanh'))


def modulated(x, shift, scale):
    return F.layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + scale) + shift


class Block(nn.Module):
    def __init__(self, width, heads, ratio):
        super().__init__()
        self.attn = nn.Module()
        self.attn.qkv, self.attn.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = MLP(width, int(width * ratio))
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))
        self.heads = heads

    def forward(self, x, c, mask):
        shift1, scale1, gate1, shift2, scale2, gate2 = self.adaLN_modulation(c).chunk(6, -1)
        q, k, v = self.attn.qkv(modulated(x, shift1, scale1)).chunk(3, -1)
        x = x + gate1 * self.attn.proj(attend(q, k, v, self.heads, mask))
        return x + gate2 * self.mlp(modulated(x, shift2, scale2))


class FlowTransformer(nn.Module):
    def __init__(self, config):
        super().__init__()
        d, h = config['dim_w'], config['dim_h']
        self.frames, self.before = int(config['wav2vec_sec'] * config['fps']), config['num_prev_frames']
        count = self.before + self.frames
        self.pos_embed = nn.Parameter(torch.randn(1, count, h) * 0.02)
        self.x_embedder = nn.Module()
        self.x_embedder.proj = nn.Linear(d, h)
        self.t_embedder = nn.Module()
        self.t_embedder.mlp = nn.Sequential(nn.Linear(256, h), nn.SiLU(), nn.Linear(h, h))
        self.c_embedder = nn.Linear(d + config['dim_a'] + config['dim_e'], h)
        self.blocks = nn.ModuleList([Block(h, config['num_heads'], config['mlp_ratio']) for _ in range(config['fmt_depth'])])
        self.decoder = nn.Module()
        self.decoder.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(h, 2 * h))
        self.decoder.linear = nn.Linear(h, d)
        place = torch.arange(count)
        near = (place[:, None] - place).abs() <= config['attention_window']
        self.register_buffer('near', near, persistent=False)
        self.register_buffer('frequencies', torch.exp(-math.log(10000) * torch.arange(128) / 128), persistent=False)

    def forward(self, t, x, wa, wr, we, prev_x, prev_wa):
        """t [B], x and wa [B,L,d], wr [B,d], we [B,7], prev_x and prev_wa [B,P,d] → [B,P+L,d]"""
        count = self.near.shape[0]
        h = self.x_embedder.proj(torch.cat([prev_x, x], 1)) + self.pos_embed
        angles = t[:, None].float() * self.frequencies.float()
        embedded = self.t_embedder.mlp(torch.cat([angles.cos(), angles.sin()], -1).to(x.dtype))
        repeated = lambda y: y[:, None].expand(-1, count, -1)
        condition = torch.cat([repeated(wr), torch.cat([prev_wa, wa], 1), repeated(we)], -1)
        c = self.c_embedder(condition) + embedded[:, None]
        for block in self.blocks:
            h = block(h, c, self.near)
        shift, scale = self.decoder.adaLN_modulation(c).chunk(2, -1)
        return self.decoder.linear(modulated(h, shift, scale))

    def guided(self, t, x, wa, wr, we, prev_x, prev_wa, audio, emotion):
        """Without audio and emotion, with audio only, with both: one batch of three."""
        thrice = lambda y: y.repeat(3, *[1] * (y.dim() - 1))
        conditions = torch.cat([wa * 0, wa, wa]), thrice(wr), torch.cat([we * 0, we * 0, we])
        u, a, both = self(thrice(t), thrice(x), *conditions, thrice(prev_x), thrice(prev_wa)).chunk(3)
        return u + audio * (a - u) + emotion * (both - a)
