"""llama.cpp through the low-level functions of llama-cpp-python: the reference for GGUF files."""

import ctypes
import functools

import llama_cpp
import numpy as np

# `enum llama_ftype` in llama.h.
FILE_TYPES = {
    "F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q8_0": 7, "Q5_0": 8, "Q5_1": 9, "Q2_K": 10, "Q3_K_S": 11,
    "Q3_K_M": 12, "Q3_K_L": 13, "Q4_K_S": 14, "Q4_K_M": 15, "Q5_K_S": 16, "Q5_K_M": 17, "Q6_K": 18, "Q2_K_S": 21,
    "IQ4_NL": 25, "IQ4_XS": 30, "BF16": 32,
}  # fmt: skip


@functools.cache
def start():
    """Initialises the library once, and silences it."""
    silence = llama_cpp.llama_log_callback(lambda *arguments: None)
    llama_cpp.llama_log_set(silence, None)
    llama_cpp.llama_backend_init()
    return silence


class Model:
    """A GGUF file, with F32 caches, on one thread."""

    def __init__(self, path, vocabulary_only=False):
        start()
        parameters = llama_cpp.llama_model_default_params()
        parameters.n_gpu_layers = 0
        parameters.vocab_only = vocabulary_only
        self.model = llama_cpp.llama_model_load_from_file(str(path).encode(), parameters)
        if not self.model:
            raise ValueError(f"llama.cpp cannot load {path}")
        self.vocabulary = llama_cpp.llama_model_get_vocab(self.model)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        llama_cpp.llama_model_free(self.model)

    def logits(self, ids):
        """Logits after the last token."""
        return self.decode(ids, [len(ids) - 1])[0]

    def all_logits(self, ids):
        """Logits after every token, a row each."""
        return self.decode(ids, range(len(ids)))

    def decode(self, ids, wanted):
        """Logits after the tokens at the wanted indices."""
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = 512
        parameters.n_threads = parameters.n_threads_batch = 1
        parameters.type_k = parameters.type_v = 0
        parameters.flash_attn_type = 0
        context = llama_cpp.llama_init_from_model(self.model, parameters)
        batch = llama_cpp.llama_batch_init(len(ids), 0, 1)
        batch.n_tokens = len(ids)
        for index, token in enumerate(ids):
            batch.token[index], batch.pos[index] = token, index
            batch.n_seq_id[index], batch.seq_id[index][0] = 1, 0
            batch.logits[index] = index in wanted
        try:
            if llama_cpp.llama_decode(context, batch) != 0:
                raise ValueError("llama.cpp cannot decode")
            size = llama_cpp.llama_vocab_n_tokens(self.vocabulary)
            pointers = [llama_cpp.llama_get_logits_ith(context, index) for index in wanted]
            return np.stack([np.ctypeslib.as_array(pointer, (size,)) for pointer in pointers])
        finally:
            llama_cpp.llama_batch_free(batch)
            llama_cpp.llama_free(context)

    def embedding(self, ids):
        """The vector of a text, as the file says that it is made of the tokens' ones."""
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = 512
        parameters.n_threads = parameters.n_threads_batch = 1
        parameters.type_k = parameters.type_v = 0
        parameters.embeddings = True
        context = llama_cpp.llama_init_from_model(self.model, parameters)
        batch = llama_cpp.llama_batch_init(len(ids), 0, 1)
        batch.n_tokens = len(ids)
        for index, token in enumerate(ids):
            batch.token[index], batch.pos[index] = token, index
            batch.n_seq_id[index], batch.seq_id[index][0] = 1, 0
            batch.logits[index] = True
        try:
            if llama_cpp.llama_encode(context, batch) != 0:
                raise ValueError("llama.cpp cannot encode")
            pointer = llama_cpp.llama_get_embeddings_seq(context, 0)
            return np.ctypeslib.as_array(pointer, (llama_cpp.llama_model_n_embd(self.model),)).tolist()
        finally:
            llama_cpp.llama_batch_free(batch)
            llama_cpp.llama_free(context)

    def greedy(self, ids, count):
        """The next tokens when each is the most likely one, and by how much each was ahead of the second."""
        sequence, margins = list(ids), []
        for _ in range(count):
            logits = self.logits(sequence)
            second, first = np.partition(logits, -2)[-2:]
            margins.append(float(first - second))
            sequence.append(int(logits.argmax()))
        return sequence[len(ids) :], margins

    def tokenize(self, text, special=False):
        """The ids of a text or of bytes; with `special`, tokens around it are added and names of control tokens read."""
        data = text if isinstance(text, bytes) else text.encode()
        tokens = (llama_cpp.llama_token * (len(data) + 16))()
        while True:
            count = llama_cpp.llama_tokenize(
                self.vocabulary, data, len(data), tokens, len(tokens), special, special
            )
            if count >= 0:
                return list(tokens[:count])
            # Too little room; the number needed, negated.
            tokens = (llama_cpp.llama_token * -count)()


def quantize(source, target, file_type, importance=None, metadata=(), **options):
    """The file that llama-quantize writes; `importance` maps names to arrays. False when it refuses."""
    start()
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = FILE_TYPES[file_type]
    parameters.nthread = 1
    for name, value in options.items():
        setattr(parameters, name, value)
    if importance:
        entries = (llama_cpp.llama_model_imatrix_data * (len(importance) + 1))()
        for entry, (name, values) in zip(entries, importance.items()):
            entry.name, entry.size = name.encode(), values.size
            entry.data = values.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        parameters.imatrix = ctypes.cast(entries, ctypes.POINTER(llama_cpp.llama_model_imatrix_data))
    if metadata:
        overrides = (llama_cpp.llama_model_kv_override * (len(metadata) + 1))()
        for override, (key, value) in zip(overrides, metadata):
            override.key = key.encode()
            if isinstance(value, str):
                override.tag, override.value.val_str = llama_cpp.LLAMA_KV_OVERRIDE_TYPE_STR, value.encode()
            else:
                override.tag, override.value.val_i64 = llama_cpp.LLAMA_KV_OVERRIDE_TYPE_INT, value
        parameters.kv_overrides = ctypes.cast(overrides, ctypes.POINTER(llama_cpp.llama_model_kv_override))
    return llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(parameters)) == 0
