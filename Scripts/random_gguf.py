"""Random tensors in GGUF element types, as valid blocks of bytes, and an invented vocabulary.

`gguf` can read K-type blocks but not make them, so the blocks are drawn directly: random codes, and
scales chosen so that a matrix has about unit gain (the standard deviation of an element is
1/sqrt(columns)). Block layouts: ggml-common.h of llama.cpp.
"""

import math

import numpy as np
from gguf import GGML_QUANT_SIZES, TokenType
from gguf import GGMLQuantizationType as Type

# Root mean square of a decoded element where the block scale is 1: of codes, times that of sub-scales.
SIX_BITS = math.sqrt(63 * 127 / 6)
SIGNED_SIX_BITS = math.sqrt((64**2 - 1) / 12)
LEVELS = math.sqrt(np.square([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]).mean())
CODE_RMS = {
    Type.Q8_0: math.sqrt((256**2 - 1) / 12),
    Type.Q4_0: math.sqrt(21.5),
    Type.Q4_1: math.sqrt(21.25),
    Type.Q5_0: math.sqrt(85.5),
    Type.Q5_1: math.sqrt(85.25),
    Type.IQ4_NL: LEVELS,
    Type.Q2_K: math.sqrt(15 * 31 / 6) * math.sqrt(1.25),
    Type.Q3_K: SIGNED_SIX_BITS * math.sqrt(5.5),
    Type.Q4_K: SIX_BITS * math.sqrt(21.25),
    Type.Q5_K: SIX_BITS * math.sqrt(85.25),
    Type.Q6_K: math.sqrt((256**2 - 1) / 12) * math.sqrt((64**2 - 1) / 12),
    Type.IQ4_XS: SIGNED_SIX_BITS * LEVELS,
}
# Where the scale lies, if not first, and the minimum that centres codes on zero in units of the scale.
SCALE_AT = {Type.Q2_K: 80, Type.Q3_K: 108, Type.Q6_K: 208}
CENTRE = {Type.Q4_1: -7.5, Type.Q5_1: -15.5, Type.Q2_K: 1.5, Type.Q4_K: 7.5, Type.Q5_K: 15.5}


def random_tensor(rng, shape, kind):
    """A matrix of unit gain, or a norm's vector near one, as an array whose bytes go into the file."""
    if len(shape) == 1:
        return (1 + 0.1 * rng.standard_normal(shape)).astype(np.float32)
    rows, columns = shape
    if kind in (Type.F32, Type.F16, Type.BF16):
        values = rng.standard_normal(shape, dtype=np.float32) / np.float32(math.sqrt(columns))
        if kind == Type.F16:
            return values.astype(np.float16)
        return to_bf16(values) if kind == Type.BF16 else values
    return random_blocks(rng, rows, columns, kind)


def to_bf16(values):
    """Float32 rounded to nearest even BF16, as 16-bit patterns."""
    bits = values.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def random_blocks(rng, rows, columns, kind):
    """Random blocks of a quantised type, shaped (rows, bytes of a row)."""
    length, size = GGML_QUANT_SIZES[kind]
    if columns % length:
        raise ValueError(f"{kind.name} needs a multiple of {length} columns, not {columns}")
    count = rows * columns // length
    blocks = np.frombuffer(rng.bytes(count * size), dtype=np.uint8).reshape(count, size).copy()
    spread = rng.uniform(0.8, 1.2, count)
    scale = (spread / (CODE_RMS[kind] * math.sqrt(columns))).astype(np.float16)
    at = SCALE_AT.get(kind, 0)
    blocks[:, at : at + 2] = half_bytes(scale)
    if kind in CENTRE:
        blocks[:, at + 2 : at + 4] = half_bytes((scale.astype(np.float32) * CENTRE[kind]).astype(np.float16))
    # Equal sub-scales and sub-minima centre each sub-block on zero.
    if kind in (Type.Q4_K, Type.Q5_K):
        blocks[:, 8:12] = blocks[:, 4:8]
        blocks[:, 12:16] = (blocks[:, 12:16] & 15) * 17
    elif kind == Type.Q2_K:
        blocks[:, :16] = (blocks[:, :16] & 15) * 17
    return blocks.reshape(rows, columns // length * size)


def half_bytes(values):
    return values.view(np.uint8).reshape(-1, 2)


def vocabulary(size):
    """SentencePiece-like pieces, scores and kinds: control tokens, bytes, characters, invented words.

    Longer pieces are made only by joining two that exist, so merging can reach every one.
    """
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    kinds = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL] + [TokenType.BYTE] * 256
    letters = "etaoinshrdlucmfwypvbgkqjxz"
    pairs = [a + b for a in letters for b in letters]
    words = ["▁", *letters, *letters.upper(), *"0123456789.,;:!?'\"-()"]
    words += pairs + ["▁" + letter for letter in letters] + ["▁" + pair for pair in pairs]
    words += [a + b for a in pairs for b in pairs]
    pieces = list(dict.fromkeys(special + words))[:size]
    normal = len(pieces) - len(special)
    scores = [0.0] * len(special) + [-float(rank) for rank in range(normal)]
    return pieces, scores, kinds + [TokenType.NORMAL] * normal


def add_vocabulary(writer, size):
    """Writes the invented vocabulary as GGUF metadata."""
    pieces, scores, kinds = vocabulary(size)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(pieces)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
