/// What the first bytes of a file say it is.
///
/// Users hand over many things under the name of a model; each deserves a better answer than "bad magic".
public enum ModelFileKind: String, Sendable, CaseIterable {
  /// GGUF in little-endian order, any version.
  case gguf
  /// GGUF in big-endian order.
  case ggufBigEndian
  /// A ggml file older than GGUF.
  case ggmlLegacy
  /// A safetensors file.
  case safetensors
  /// A zip archive, which is what PyTorch, NumPy (`.npz`), Keras and skops write.
  case zip
  /// A Python pickle.
  case pickle
  /// An HDF5 file.
  case hdf5
  /// A NumPy array.
  case numpy
  /// A TensorFlow Lite model.
  case tensorFlowLite
  /// A compressed or packed file.
  case archive
  /// A web page.
  case html
  /// A git-lfs pointer.
  case gitLFSPointer
  /// JSON text.
  case json
  /// Nothing but zeros at the start.
  case zeros
  /// An empty file.
  case empty
  /// None of these.
  case unknown

  /// Looks at the first bytes of `file`.
  public init(_ file: MappedFile) {
    self.init(head: file.array(0..<min(file.count, 512)))
  }

  /// Looks at the first bytes of a file, at best 512 of them.
  init(head: [UInt8]) {
    // The legacy magics 'ggml', 'ggmf', 'ggjt', 'ggla' are 32-bit numbers, so their letters come reversed on disk.
    let signatures: [(ModelFileKind, [UInt8])] = [
      (.ggufBigEndian, Array("FUGG".utf8)),
      (.ggmlLegacy, Array("lmgg".utf8)), (.ggmlLegacy, Array("fmgg".utf8)), (.ggmlLegacy, Array("tjgg".utf8)),
      (.ggmlLegacy, Array("algg".utf8)),
      (.zip, [0x50, 0x4B, 0x03, 0x04]), (.zip, [0x50, 0x4B, 0x05, 0x06]),
      (.hdf5, [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]),
      (.numpy, [0x93] + Array("NUMPY".utf8)),
      (.gitLFSPointer, Array("version https://git-lfs".utf8)),
      (.archive, [0x1F, 0x8B]), (.archive, [0x28, 0xB5, 0x2F, 0xFD]), (.archive, Array("7z".utf8) + [0xBC, 0xAF]),
      (.archive, [0xFD] + Array("7zXZ".utf8)), (.archive, Array("BZh".utf8)),
    ]
    if head.isEmpty {
      self = .empty
    } else if head.starts(with: "GGUF".utf8) {
      // The version is small, so in the wrong byte order its low half is zero.
      let isSwapped = head.count >= 8 && head[4] == 0 && head[5] == 0 && (head[6] != 0 || head[7] != 0)
      self = isSwapped ? .ggufBigEndian : .gguf
    } else if let (kind, _) = signatures.first(where: { head.starts(with: $0.1) }) {
      self = kind
    } else if Self.isPickle(head) {
      self = .pickle
    } else if head.count >= 9, head[8] == UInt8(ascii: "{"), head[4..<8].allSatisfy({ $0 == 0 }) {
      self = .safetensors
    } else if head.count >= 8, head[4..<8].elementsEqual("TFL3".utf8) {
      self = .tensorFlowLite
    } else if head.count >= 262, head[257..<262].elementsEqual("ustar".utf8) {
      self = .archive
    } else if head.allSatisfy({ $0 == 0 }) {
      self = .zeros
    } else {
      let text = head.drop { $0 == 0x20 || (0x09...0x0D).contains($0) || [0xEF, 0xBB, 0xBF].contains($0) }
      let start = String(decoding: text.prefix(16), as: UTF8.self).lowercased()
      if start.hasPrefix("<!doctype") || start.hasPrefix("<html") || start.hasPrefix("<?xml") {
        self = .html
      } else if start.hasPrefix("{") {
        self = .json
      } else {
        self = .unknown
      }
    }
  }

  /// Protocols from 2 on say so in their first bytes; 0 and 1 start with the code that makes the first object: a
  /// dictionary or list that is remembered at once, or the name of a function in two lines. Source: CPython,
  /// `Lib/pickle.py`.
  private static func isPickle(_ head: [UInt8]) -> Bool {
    if head.count >= 2, head[0] == 0x80, (2...5).contains(head[1]) { return true }
    let starts = ["(dp", "(lp", "]q\0", "}q\0"].map { Array($0.utf8) }
    if starts.contains(where: { head.starts(with: $0) }) { return true }
    let code = head.first == UInt8(ascii: "(") ? head.dropFirst() : head[...]
    guard code.first == UInt8(ascii: "c") || code.first == UInt8(ascii: "i") else { return false }
    let lines = code.dropFirst().split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
    return lines.count == 3
      && lines.prefix(2).allSatisfy { line in
        !line.isEmpty
          && line.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
              UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
              true
            default: false
            }
          }
      }
  }

  /// Whether a file of that name is a model in a format that can run code when opened, or of another framework.
  package static func isForeignModel(_ name: String) -> Bool {
    let extensions = [
      ".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".dill", ".npy", ".npz", ".h5", ".hdf5", ".keras",
      ".msgpack", ".pb", ".onnx", ".tflite", ".nemo", ".skops", ".mlmodel", ".pdparams",
    ]
    let name = name.lowercased()
    return extensions.contains { name.hasSuffix($0) }
  }

  /// The error for a file of this kind where `wanted`, such as `a GGUF file`, was expected.
  func refusal(path: String, wanted: String) -> FormatError {
    func refuse(_ problem: String, _ advice: String? = nil) -> FormatError {
      .unsupported(path: path, problem: problem, advice: advice)
    }
    let other = "use the model's safetensors or GGUF files"
    let safe = "it can run code when opened; use the model's safetensors or GGUF files instead"
    switch self {
    case .gguf: return refuse("this is a GGUF file, not \(wanted)", "give it the extension .gguf")
    case .ggufBigEndian:
      return refuse(
        "this GGUF file is in big-endian byte order", "use the ordinary (little-endian) file of the same model")
    case .ggmlLegacy:
      return refuse(
        "this is a ggml file from before GGUF (GGML, GGMF or GGJT)", "use a GGUF file of the same model")
    case .safetensors:
      return refuse("this is a safetensors file, not \(wanted)", "give the folder that holds it and its config.json")
    case .zip: return refuse("this is a zip archive, probably a PyTorch checkpoint (.bin, .pt, .pth)", safe)
    case .pickle: return refuse("this is a Python pickle", safe)
    case .hdf5: return refuse("this is an HDF5 file, probably of Keras", safe)
    case .numpy: return refuse("this is a NumPy array, not \(wanted)", safe)
    case .tensorFlowLite: return refuse("this is a TensorFlow Lite model, not \(wanted)", other)
    case .archive:
      return refuse("this is an archive, not \(wanted)", "unpack it; " + other)
    case .html:
      return refuse(
        "this is a web page, saved under the name of a model",
        "the download got an error or log-in page: check the address and the access token, and fetch it again")
    case .gitLFSPointer:
      return refuse(
        "this is a git-lfs pointer, not the file it points to", "run `git lfs pull` in the folder, or fetch the file")
    case .json: return refuse("this is JSON text, not \(wanted)", "perhaps the download got an error message")
    case .zeros: return .incomplete(path: path, problem: "the file starts with nothing but zeros")
    case .empty: return .incomplete(path: path, problem: "the file is empty")
    case .unknown: return refuse("this is not \(wanted)", other)
    }
  }
}
