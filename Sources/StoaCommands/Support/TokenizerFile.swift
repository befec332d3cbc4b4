import Foundation
import StoaFormats
import StoaTokenizers

extension Tokenizer {
  /// The tokenizer at a path that a person gave: a GGUF file, a folder of a Hugging Face model, or one of its tokenizer
  /// files, or a `tokenizer.bin` of llama2.c.
  init(path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw CommandFailure(
        message: "\(path): no such tokenizer file", advice: "give a tokenizer.json, a tokenizer.model or a .gguf file")
    }
    if isFolder.boolValue {
      try self.init(huggingFaceDirectory: path)
    } else if path.hasSuffix(".json") || path.hasSuffix(".model") {
      // The files beside it name the special tokens.
      try self.init(huggingFaceDirectory: URL(fileURLWithPath: path).deletingLastPathComponent().path)
    } else if path.hasSuffix(".bin") {
      try self.init(llama2cVocabulary: path)
    } else {
      try self.init(gguf: GGUFFile(path: path))
    }
  }
}
