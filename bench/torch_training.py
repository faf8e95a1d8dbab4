"""A training step of the flow-matching transformer and `audio_projection` in PyTorch: what src/train/fmt-step.ts records."""
import torch
from torch import nn
from torch.nn import functional as F


def training_step(sizes, model, batch, device):
    """The forward pass alone, and a whole step: forward, backward, clipping and Adam, on one batch of noise."""
    fmt, projection = model.fmt, model.audio_encoder.audio_projection
    fmt.pos_embed.requires_grad_(False)
    before, count = fmt.before, fmt.before + fmt.frames
    width, features = sizes['config']['dim_w'], projection[0].in_features
    generator = torch.Generator().manual_seed(15)
    noise = lambda *shape: torch.randn(*shape, generator=generator).to(device)
    motion, start, sound = noise(batch, count, width), noise(batch, count, width), noise(batch, count, features)
    wr, we, t = noise(batch, width), noise(batch, sizes['config']['dim_e']), torch.rand(batch, generator=generator).to(device)
    at = t[:, None, None]
    x, target = (1 - at) * start + at * motion, (motion - start)[:, before:]
    parameters = [p for part in (fmt, projection) for p in part.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(parameters, lr=1e-5)

    def forward():
        wa = F.silu(projection[1](projection[0](sound)))
        v = fmt(t, x[:, before:], wa[:, before:], wr, we, motion[:, :before], wa[:, :before])[:, before:]
        error = v - target
        return error.abs().mean() + (error[:, 1:] - error[:, :-1]).abs().mean()

    def step():
        optimiser.zero_grad(set_to_none=True)
        forward().backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()

    return forward, step
