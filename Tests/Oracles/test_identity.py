"""Logits are the same bits on every instruction set, for any number of threads and any division of the prompt."""

import platform
import unittest
from pathlib import Path

from oracle import DATA, FIXTURES, OracleCase, needs, stoa

# Instruction sets, and what /proc/cpuinfo must list for them.
FLAGS = {
    "avx2": {"avx2", "fma", "f16c"},
    "avxvnni": {"avx2", "fma", "f16c", "avx_vnni"},
    "avx512": {"avx512f", "avx512bw", "avx512vl", "avx512dq"},
    "avx512vnni": {"avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512_vnni"},
}
PROMPT = [1] + [(37 * i) % 285 + 3 for i in range(1, 90)]
SETTINGS = [["--threads", 1], ["--threads", 2, "--chunk", 1], ["--threads", 2, "--chunk", 7], ["--chunk", 512]]


def available():
    """The instruction sets of this machine, scalar first."""
    if platform.machine() in ("arm64", "aarch64"):
        return ["scalar", "neon"]
    info = Path("/proc/cpuinfo")
    text = info.read_text() if info.exists() else ""
    flags = next((set(line.split()) for line in text.splitlines() if line.startswith("flags")), set())
    return ["scalar"] + [isa for isa, needed in FLAGS.items() if needed <= flags]


class Identity(OracleCase):
    def check(self, model):
        reference = self.logits(model, PROMPT, "--threads", 1, STOA_ISA="scalar")
        for isa in available():
            for setting in SETTINGS:
                with self.subTest(model=str(model), isa=isa, setting=setting):
                    # Printed floats round-trip, so equal numbers are equal bits.
                    self.assertEqual(self.logits(model, PROMPT, *setting, STOA_ISA=isa), reference)

    def test_gguf_fixtures(self):
        for kind in ("f32", "f16", "bf16", "q8_0", "q4_0", "q4_k_m", "mixed_32", "mixed_256"):
            self.check(FIXTURES / f"gguf_{kind}/model.gguf")

    def test_sliding_window(self):
        self.check(FIXTURES / "mistral_window")

    @needs(data=["models/derived_stories260K_gguf"])
    def test_stories(self):
        for kind in ("F32", "F16", "Q8_0"):
            self.check(DATA / f"models/derived_stories260K_gguf/stories260K-{kind}.gguf")

    def test_an_instruction_set_that_the_machine_lacks_is_an_error(self):
        missing = "avx2" if platform.machine() in ("arm64", "aarch64") else "neon"
        for isa in (missing, "mmx"):
            result = stoa("logits", FIXTURES / "gguf_f32/model.gguf", "--tokens", "1", "--json", STOA_ISA=isa)
            self.assertNotEqual(result.returncode, 0)
            self.assertIn(isa, result.stderr)


if __name__ == "__main__":
    unittest.main()
