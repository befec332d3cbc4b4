import StoaFormats
public import StoaTokenizers

extension Tokenizer {
  /// Reads a tokenizer on its own: a `.gguf` file, a folder with `tokenizer.json` or `tokenizer.model`, one of those
  /// files in its folder, or a `.bin` vocabulary of llama2.c.
  public init(path: String) throws {
    if isDirectory(path) {
      try self.init(huggingFaceDirectory: path)
    } else if path.hasSuffix(".json") || path.hasSuffix(".model") {
      let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
      try self.init(huggingFaceDirectory: folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder)
    } else if path.hasSuffix(".bin") {
      try self.init(llama2cVocabulary: path)
    } else {
      try self.init(gguf: try GGUFFile(path: path))
    }
  }

  /// Whether a folder holds a tokenizer that can be read.
  static func exists(inDirectory path: String) -> Bool {
    ["tokenizer.json", "tokenizer.model"].contains { StoaFormats.exists(path + "/" + $0) }
  }
}
