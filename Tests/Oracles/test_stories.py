"""A trained model of 260,000 parameters: its reference text, from GGUF and from a Hugging Face folder."""

import json
import unittest

from oracle import DATA, OracleCase, needs

GGUF = "models/derived_stories260K_gguf"
FOLDER = "models/derived_stories260K_hf"
TOKENIZER = "models/stories260K/tok512.bin"
# A greedy choice may differ from the float reference only where the two tokens are nearly tied.
TIE = 0.1


def reference_text(kind):
    """The reference writes byte tokens by their names; the only one in it is the newline."""
    return (DATA / GGUF / f"stories260K-{kind}.greedy.txt").read_text().replace("<0x0A>", "\n")


class Stories(OracleCase):
    def tell(self, model, count, *flags):
        """The greedy continuation of the beginning-of-text token."""
        return self.json_of("run", model, "", "--raw", "--temperature", 0, "--max-tokens", count, "--json", *flags)

    def check_text(self, kind):
        reference = reference_text(kind)
        answer = self.tell(DATA / GGUF / f"stories260K-{kind}.gguf", len(reference) // 2)
        # The leading space of the first SentencePiece word is a matter of presentation.
        self.assertEqual(answer["text"].lstrip(" ")[: len(reference)], reference)

    @needs(data=[GGUF])
    def test_f32_text(self):
        self.check_text("F32")

    @needs(data=[GGUF])
    def test_f16_text(self):
        self.check_text("F16")

    @needs(data=[GGUF], packages=["gguf"])
    def test_q8_0_text(self):
        """The reference has unquantised activations, so the first difference is allowed at a near tie."""
        reference = reference_text("Q8_0")
        model = DATA / GGUF / "stories260K-Q8_0.gguf"
        tokens = self.tell(model, len(reference) // 2)["tokens"]
        pieces = self.pieces(model)
        text = ""
        for index, token in enumerate(tokens):
            extended = (text + pieces[token]).lstrip(" ")
            if not reference.startswith(extended[: len(reference)]):
                break
            text = extended
            if len(text) >= len(reference):
                return
        logits = self.logits(model, [1, *tokens[:index]])
        fitting = [candidate for candidate, piece in enumerate(pieces) if piece and reference.startswith(text + piece)]
        wanted = max(fitting, key=lambda candidate: logits[candidate])
        margin = logits[token] - logits[wanted]
        print(f"\nQ8_0 differs first at token {index}: {pieces[token]!r} for {pieces[wanted]!r}, margin {margin:.4f}")
        self.assertLess(margin, TIE)

    def pieces(self, model):
        """What each token stands for in text."""
        import gguf

        field = gguf.GGUFReader(model).fields["tokenizer.ggml.tokens"]
        pieces = [bytes(field.parts[part]).decode().replace("▁", " ") for part in field.data]
        return ["\n" if piece == "<0x0A>" else "" if index < 259 else piece for index, piece in enumerate(pieces)]

    @needs(data=[FOLDER, TOKENIZER])
    def test_folder_text(self):
        """The folder holds no tokenizer, so the one beside the original is named."""
        for case in self.cases():
            if case["prompt_ids"] != [1] or case["suppress_unk"]:
                continue
            wanted = case["greedy_ids"][1:]
            answer = self.tell(DATA / FOLDER, len(wanted), "--tokenizer", DATA / TOKENIZER)
            self.assertEqual(answer["tokens"], wanted)
            text = case["greedy_text"].replace("<0x0A>", "\n")
            self.assertEqual(answer["text"].lstrip(" "), text.lstrip(" "))

    @needs(data=[FOLDER])
    def test_folder_ids_after_a_prompt(self):
        for case in self.cases():
            ids = case["prompt_ids"]
            self.assert_close(self.logits(DATA / FOLDER, ids)[:16], case["last_logits_first16"], 1e-3, str(ids))
            if not case["suppress_unk"]:
                wanted = case["greedy_ids"][len(ids) : len(ids) + 24]
                self.assertEqual(self.greedy(DATA / FOLDER, ids, len(wanted)), wanted)

    def cases(self):
        return json.loads((DATA / FOLDER / "expected.json").read_text())


if __name__ == "__main__":
    unittest.main()
