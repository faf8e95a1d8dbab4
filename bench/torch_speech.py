"""The two wav2vec 2.0 encoders of FLOAT in PyTorch (docs/model.md, Sec. 4 and 5), and the whole model."""
import torch
import torch.nn.functional as F
from torch import nn
from torch_model import FlowTransformer, MotionAutoencoder, attend


class FeatureLayer(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride, bias, norm):
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, stride, bias=bias)
        self.norm = norm
        if norm == 'group':
            self.layer_norm = nn.GroupNorm(outputs, outputs)
        elif norm == 'layer':
            self.layer_norm = nn.LayerNorm(outputs)

    def forward(self, x):
        x = self.conv(x)
        if self.norm == 'group':
            x = self.layer_norm(x)
        elif self.norm == 'layer':
            x = self.layer_norm(x.transpose(1, 2)).transpose(1, 2)
        return F.gelu(x)


class PositionConv(nn.Module):
    def __init__(self, config):
        super().__init__()
        width, taps = config['hidden_size'], config['num_conv_pos_embeddings']
        self.groups = config['num_conv_pos_embedding_groups']
        self.conv = nn.Module()
        self.conv.weight_v = nn.Parameter(torch.randn(width, width // self.groups, taps) / taps)
        self.conv.weight_g = nn.Parameter(torch.ones(1, 1, taps))
        self.conv.bias = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        conv, taps = self.conv, self.conv.weight_v.shape[2]
        weight = conv.weight_g * conv.weight_v / conv.weight_v.float().norm(dim=(0, 1), keepdim=True).to(x.dtype)
        y = F.conv1d(x.transpose(1, 2), weight, conv.bias, padding=taps // 2, groups=self.groups)
        return F.gelu(y[:, :, : x.shape[1]]).transpose(1, 2)


class SpeechLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        h, self.heads, self.pre = config['hidden_size'], config['num_attention_heads'], config['do_stable_layer_norm']
        self.attention = nn.ModuleDict({name: nn.Linear(h, h) for name in ('q_proj', 'k_proj', 'v_proj', 'out_proj')})
        self.layer_norm, self.final_layer_norm = nn.LayerNorm(h), nn.LayerNorm(h)
        wide = config['intermediate_size']
        self.feed_forward = nn.ModuleDict({'intermediate_dense': nn.Linear(h, wide), 'output_dense': nn.Linear(wide, h)})

    def attended(self, x):
        p = self.attention
        return p['out_proj'](attend(p['q_proj'](x), p['k_proj'](x), p['v_proj'](x), self.heads))

    def fed(self, x):
        return self.feed_forward['output_dense'](F.gelu(self.feed_forward['intermediate_dense'](x)))

    def forward(self, x):
        if self.pre:
            x = x + self.attended(self.layer_norm(x))
            return x + self.fed(self.final_layer_norm(x))
        x = self.layer_norm(x + self.attended(x))
        return self.final_layer_norm(x + self.fed(x))


class Wav2Vec2(nn.Module):
    def __init__(self, config):
        super().__init__()
        widths, h = config['conv_dim'], config['hidden_size']
        later = 'layer' if config['feat_extract_norm'] == 'layer' else None
        sizes = zip([1, *widths], widths, config['conv_kernel'], config['conv_stride'])
        layers = [FeatureLayer(*size, config['conv_bias'], later if i else config['feat_extract_norm']) for i, size in enumerate(sizes)]
        self.feature_extractor = nn.Module()
        self.feature_extractor.conv_layers = nn.Sequential(*layers)
        self.feature_projection = nn.ModuleDict({'layer_norm': nn.LayerNorm(widths[-1]), 'projection': nn.Linear(widths[-1], h)})
        self.encoder = nn.Module()
        self.encoder.pos_conv_embed, self.encoder.layer_norm = PositionConv(config), nn.LayerNorm(h)
        self.encoder.layers = nn.ModuleList([SpeechLayer(config) for _ in range(config['num_hidden_layers'])])
        self.pre = config['do_stable_layer_norm']

    def forward(self, wave, frames=None):
        """wave [B,n] → the outputs of all layers [B,T,h]; `frames` interpolates to so many before the projection."""
        x = self.feature_extractor.conv_layers(wave[:, None])
        if frames is not None:
            x = F.interpolate(x, size=frames, mode='linear', align_corners=True)
        x = self.feature_projection['projection'](self.feature_projection['layer_norm'](x.transpose(1, 2)))
        x = x + self.encoder.pos_conv_embed(x)
        if not self.pre:
            x = self.encoder.layer_norm(x)
        outputs = []
        for layer in self.encoder.layers:
            x = layer(x)
            outputs.append(x)
        if self.pre:
            outputs[-1] = self.encoder.layer_norm(x)
        return outputs


class AudioEncoder(nn.Module):
    def __init__(self, config, speech):
        super().__init__()
        self.wav2vec2 = Wav2Vec2(speech)
        d, inputs = config['dim_w'], speech['num_hidden_layers'] * speech['hidden_size']
        self.audio_projection = nn.Sequential(nn.Linear(inputs, d), nn.LayerNorm(d), nn.SiLU())
        self.samples = config['sampling_rate'] // config['fps']

    def forward(self, wave):
        """The normalised wave [B,n] → [B,T,d], a whole number of frames."""
        frames = -(-wave.shape[1] // self.samples)
        missing = frames * self.samples - wave.shape[1]
        wave = torch.cat([wave, wave[:, -1:].expand(-1, missing)], 1)
        return self.audio_projection(torch.cat(self.wav2vec2(wave, frames), -1))


class EmotionEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        h = config['hidden_size']
        self.wav2vec2_for_emotion = nn.ModuleDict(
            {
                'wav2vec2': Wav2Vec2(config),
                'classifier': nn.ModuleDict({'dense': nn.Linear(h, h), 'out_proj': nn.Linear(h, config['num_labels'])}),
            }
        )

    def forward(self, wave):
        parts = self.wav2vec2_for_emotion
        pooled = parts['wav2vec2'](wave)[-1].mean(1)
        return parts['classifier']['out_proj'](torch.tanh(parts['classifier']['dense'](pooled))).softmax(-1)


class Float(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.motion_autoencoder = MotionAutoencoder(sizes['config'])
        self.audio_encoder = AudioEncoder(sizes['config'], sizes['wav2vec2'])
        self.emotion_encoder = EmotionEncoder(sizes['emotion'])
        self.fmt = FlowTransformer(sizes['config'])
