"""A short float32 forward pass of the Llama family in numpy, for weights that have no reference outputs of their own."""

import json
import struct
from pathlib import Path

import numpy as np

DTYPES = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}


def read_safetensors(path):
    """All tensors of one file, as float32."""
    content = Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    result = {}
    for name, entry in header.items():
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        values = np.frombuffer(content[start:end], DTYPES[entry["dtype"]])
        if entry["dtype"] == "BF16":
            values = (values.astype(np.uint32) << 16).view(np.float32)
        result[name] = values.astype(np.float32).reshape(entry["shape"])
    return result


class Llama:
    """A Hugging Face folder without rotary scaling."""

    def __init__(self, folder):
        self.config = json.loads((folder / "config.json").read_text())
        self.weights = {}
        for path in sorted(folder.glob("*.safetensors")):
            self.weights.update(read_safetensors(path))
        rope = self.config.get("rope_parameters") or {"rope_theta": self.config["rope_theta"]}
        width = self.config["head_dim"]
        self.frequencies = 1.0 / rope["rope_theta"] ** (np.arange(0, width, 2) / width)

    def norm(self, x, name):
        scale = np.sqrt((x * x).mean(-1, keepdims=True) + self.config["rms_norm_eps"])
        return x / scale * self.weights[name + ".weight"]

    def rotate(self, x):
        """Rotary embedding of (position, head, width), with the two halves of a head as pairs."""
        angles = np.arange(len(x))[:, None, None] * self.frequencies
        first, second = np.split(x, 2, axis=-1)
        cosine, sine = np.cos(angles), np.sin(angles)
        return np.concatenate([first * cosine - second * sine, second * cosine + first * sine], -1).astype(np.float32)

    def attention(self, x, name):
        heads, shared = self.config["num_attention_heads"], self.config["num_key_value_heads"]

        def project(part, count):
            return (x @ self.weights[f"{name}.{part}.weight"].T).reshape(len(x), count, -1)

        query, key = self.rotate(project("q_proj", heads)), self.rotate(project("k_proj", shared))
        key, value = (np.repeat(y, heads // shared, axis=1) for y in (key, project("v_proj", shared)))
        scores = np.einsum("ihd,jhd->hij", query, key) / np.sqrt(query.shape[-1])
        distance = np.arange(len(x))[:, None] - np.arange(len(x))
        scores[:, (distance < 0) | (distance >= (self.config.get("sliding_window") or len(x)))] = -np.inf
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        joined = np.einsum("hij,jhd->ihd", weights, value).reshape(len(x), -1)
        return joined @ self.weights[name + ".o_proj.weight"].T

    def feed_forward(self, x, name):
        gate = x @ self.weights[name + ".gate_proj.weight"].T
        up = x @ self.weights[name + ".up_proj.weight"].T
        return (gate / (1 + np.exp(-gate)) * up) @ self.weights[name + ".down_proj.weight"].T

    def logits(self, ids):
        """Logits of every position."""
        x = self.weights["model.embed_tokens.weight"][ids]
        for layer in range(self.config["num_hidden_layers"]):
            name = f"model.layers.{layer}"
            x = x + self.attention(self.norm(x, name + ".input_layernorm"), name + ".self_attn")
            x = x + self.feed_forward(self.norm(x, name + ".post_attention_layernorm"), name + ".mlp")
        x = self.norm(x, "model.norm")
        return x @ self.weights.get("lm_head.weight", self.weights["model.embed_tokens.weight"]).T
