import CFuzzer
import Foundation
import StoaFormats
import StoaGrammar
import StoaHub
import StoaModels
import StoaTemplates
import StoaTokenizers

@testable import StoaConversion

/// The readers of foreign files, each fed with the bytes of one file. Errors are answers; a crash, a hang or a large
/// allocation is a find.
let targets: [String: FuzzTarget] = [
  "gguf": { unsafe readGGUF(UnsafeBufferPointer(start: $0, count: $1)) },
  "safetensors": { unsafe readSafetensors(UnsafeBufferPointer(start: $0, count: $1)) },
  "tokenizer-json": { unsafe readTokenizer("tokenizer.json", UnsafeBufferPointer(start: $0, count: $1)) },
  "tokenizer-model": { unsafe readTokenizer("tokenizer.model", UnsafeBufferPointer(start: $0, count: $1)) },
  "hub-listing": { unsafe readListing(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "json-schema": {
    unsafe follow(UnsafeBufferPointer(start: $0, count: $1)) {
      try Grammar(jsonSchema: JSONValue(parsing: $0))
    }
  },
  "gbnf": { unsafe follow(UnsafeBufferPointer(start: $0, count: $1)) { try Grammar(gbnf: $0) } },
  "regex": { unsafe follow(UnsafeBufferPointer(start: $0, count: $1)) { try Grammar(regex: $0) } },
  "config-json": { unsafe readConfiguration(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "model-card": { unsafe readCard(UnsafeBufferPointer(start: $0, count: $1)) },
  "request": { unsafe readRequest(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "upstream": { unsafe readUpstream(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "upstream-refusal": { unsafe readRefusal(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "upstream-name": { unsafe readUpstreamName(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "prices": { unsafe readPrices(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "answer": { unsafe readAnswer(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "template": { unsafe renderTemplate(UnsafeBufferPointer(start: $0, count: $1)) },
  "guard-pack": { unsafe readPack(UnsafeBufferPointer(start: $0, count: $1)) },
  "guard-pattern": { unsafe matchPattern(UnsafeBufferPointer(start: $0, count: $1)) },
  "alert-rules": { unsafe readAlertRules(UnsafeBufferPointer(start: $0, count: $1)) },
  "guard-classifier": { unsafe readClassifier(UnsafeBufferPointer(start: $0, count: $1)) },
]

private let sample = "Hello  world, naïve café 😀 中文\n\t<s></s> 1234 don't <unk>"

private func readGGUF(_ bytes: UnsafeBufferPointer<UInt8>) -> CInt {
  let file = unsafe MappedFile(contents: Array(bytes), path: "fuzz.gguf")
  guard let gguf = try? GGUFFile(file: file) else { return 0 }
  for key in gguf.metadata.keys {
    if let array = gguf.metadata.array(key) { _ = (array.ints, array.floats) }
    if let texts = gguf.metadata.texts(key) { _ = texts.strings }
  }
  for tensor in gguf.tensors { _ = unsafe tensor.file.withBytes(tensor.byteRange) { unsafe $0.reduce(UInt8(0), ^) } }
  _ = gguf.quantizationName
  if let tokenizer = try? Tokenizer(gguf: gguf) { use(tokenizer) }
  return 0
}

private func readSafetensors(_ bytes: UnsafeBufferPointer<UInt8>) -> CInt {
  let file = unsafe MappedFile(contents: Array(bytes), path: "fuzz.safetensors")
  guard let checkpoint = try? SafetensorsCheckpoint(files: [file]) else { return 0 }
  for tensor in checkpoint.tensors {
    _ = unsafe tensor.file.withBytes(tensor.byteRange) { unsafe $0.reduce(UInt8(0), ^) }
  }
  return 0
}

/// Tokenizers are read from a folder.
private let folder: String = {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stoa-fuzz-\(getpid())").path
  try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  return folder
}()

private func readTokenizer(_ name: String, _ bytes: UnsafeBufferPointer<UInt8>) -> CInt {
  guard (try? Data(Array(bytes)).write(to: URL(fileURLWithPath: folder + "/" + name))) != nil else { return 0 }
  if let tokenizer = try? Tokenizer(huggingFaceDirectory: folder) { use(tokenizer) }
  return 0
}

private func use(_ tokenizer: Tokenizer) {
  let ids = tokenizer.encode(sample, parseSpecial: true, addSpecial: true)
  _ = tokenizer.encode(sample, parseSpecial: false, addSpecial: false)
  _ = tokenizer.decode(ids)
  _ = tokenizer.decode([0, 1, Int32.max, -1, Int32(clamping: tokenizer.vocabularySize)])
}

/// The configuration of a model in a folder, and what the engine makes of it.
private func readConfiguration(_ bytes: [UInt8]) -> CInt {
  guard let json = try? JSONValue(parsing: bytes.span),
    let configuration = try? HuggingFaceConfiguration(json: json, generation: json, path: "config.json")
  else { return 0 }
  _ = try? DecoderConfiguration(huggingFace: configuration, path: "config.json")
  return 0
}

/// The head of a model card, which no converter may stumble over.
private func readCard(_ bytes: UnsafeBufferPointer<UInt8>) -> CInt {
  let card = unsafe FrontMatter(text: String(decoding: bytes, as: UTF8.self))
  for key in card.values.keys { _ = (card.text(key), card.list(key)) }
  return 0
}

/// The answers of the hub: what it says about a model, its files and which of them are chosen, and a search.
private func readListing(_ bytes: [UInt8]) -> CInt {
  let url = "https://hub.example/api"
  if let info = try? ListingParser.info(bytes, url: url) { _ = info.licenceTitle }
  _ = try? ListingParser.search(bytes, url: url)
  do {
    let files = try ListingParser.tree(bytes, url: url)
    for selector in [nil, "Q8_0", "safetensors"] {
      _ = try FileSelection.choose(from: files, selector: selector, repository: "owner/model").bytes
    }
  } catch {
    _ = error.description
  }
  return 0
}

/// A conversation with what templates look at. Templates are cheap to make expensive, so the bounds are tight: what
/// takes long within them is not accounted for.
private let context: [String: TemplateValue] = [
  "messages": [
    ["role": "system", "content": "Be brief."], ["role": "user", "content": "Hi é😀"],
    [
      "role": "assistant", "content": nil,
      "tool_calls": [["id": "c1", "function": ["name": "get", "arguments": ["k": [1, 2.5, nil]]]]],
    ],
    ["role": "tool", "content": [["type": "text", "text": "a\nb"]], "tool_call_id": "c1"],
  ],
  "tools": [["type": "function", "function": ["name": "get", "parameters": ["type": "object"]]]],
  "bos_token": "<s>", "eos_token": "</s>", "add_generation_prompt": true, "n": 7, "real": 2.5,
]

private func renderTemplate(_ bytes: UnsafeBufferPointer<UInt8>) -> CInt {
  var limits = TemplateLimits()
  limits.steps = 200_000
  limits.outputBytes = 1 << 20
  limits.allocatedBytes = 16 << 20
  let source = unsafe String(decoding: bytes, as: UTF8.self)
  guard let template = try? Template(source: source, limits: limits) else { return 0 }
  _ = try? template.render(context, now: TemplateDate(year: 2025, month: 7, day: 4))
  return 0
}
