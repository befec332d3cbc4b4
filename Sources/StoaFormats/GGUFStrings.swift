/// The strings of a metadata array, left where they lie in the file until they are asked for.
///
/// A vocabulary has hundreds of thousands of them, and most uses need only a few. Texts may be invalid UTF-8: some
/// vocabularies hold parts of characters.
public struct GGUFStrings: Sendable, Equatable {
  private let file: MappedFile
  /// Where each text starts, and one more entry: where the text after the last would start. Every text is preceded by
  /// its length in 8 bytes, so text `i` ends 8 bytes before text `i + 1` starts. Lengths are not read a second time
  /// from the file: if someone changed it meanwhile, they could point anywhere.
  private let starts: [Int]

  /// The texts of `file` that start at `starts`; all but the last entry are preceded by a checked length.
  init(file: MappedFile, starts: [Int]) {
    self.file = file
    self.starts = starts
  }

  /// A copy of `texts`.
  public init(_ texts: [String]) { self.init(bytes: texts.map { Array($0.utf8) }) }

  /// A copy of `texts`, which need not be UTF-8.
  public init(bytes texts: [[UInt8]]) {
    var encoded: [UInt8] = []
    var starts: [Int] = []
    starts.reserveCapacity(texts.count + 1)
    for text in texts {
      for shift in stride(from: 0, to: 64, by: 8) { encoded.append(UInt8(truncatingIfNeeded: text.count >> shift)) }
      starts.append(encoded.count)
      encoded.append(contentsOf: text)
    }
    starts.append(encoded.count + 8)
    self.init(file: MappedFile(contents: encoded, path: "memory"), starts: starts)
  }

  /// The number of strings.
  public var count: Int { starts.count - 1 }

  /// Calls `body` with the bytes of string `index`.
  public func withBytes<R, E: Error>(at index: Int, _ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
    try body(file.bytes.extracting(range(index)))
  }

  /// The bytes of string `index`.
  public func bytes(at index: Int) -> [UInt8] { file.array(range(index)) }

  /// String `index`; bytes that are not UTF-8 are replaced by U+FFFD.
  public subscript(index: Int) -> String { file.text(range(index)) }

  private func range(_ index: Int) -> Range<Int> { starts[index]..<starts[index + 1] - 8 }

  /// All strings.
  public var strings: [String] { (0..<count).map { self[$0] } }

  /// The bytes of all strings.
  public var byteStrings: [[UInt8]] { (0..<count).map { bytes(at: $0) } }

  /// All strings as GGUF writes them: each its length in 8 bytes, then its bytes.
  var encoded: Span<UInt8> {
    @_lifetime(borrow self) get { file.bytes.extracting(encodedRange) }
  }

  /// Without strings there is no length that the range could start at.
  private var encodedRange: Range<Int> { count == 0 ? 0..<0 : starts[0] - 8..<starts[count] - 8 }

  /// Whether both hold the same bytes.
  public static func == (left: GGUFStrings, right: GGUFStrings) -> Bool {
    left.count == right.count && left.file.equals(left.encodedRange, right.encodedRange, of: right.file)
  }
}
