/// A token that is matched as a whole before the text around it is cut into words.
struct AddedToken: Sendable {
  var id: Int32
  var content: [UInt8]
  /// Matched only when special tokens are to be parsed.
  var isSpecial: Bool
  /// Takes the whitespace before it along.
  var stripsLeft = false
  /// Takes the whitespace after it along.
  var stripsRight = false
  /// Only where no word goes on at either side.
  var isSingleWord = false
  /// Matched in normalised text, not in the text as given; `content` is then in normalised form.
  var isNormalized = false
}

/// Finds added tokens in text: from left to right, at each place the longest.
struct AddedTokens: Sendable {
  enum Piece {
    case text(Range<Int>)
    case token(Int32)
  }

  /// No known token is longer than about 60 bytes; the bound keeps the search linear in the length of the text.
  static let longest = 512

  private struct Node {
    /// Children are siblings in a list; 0 for none, as the root is nobody's child.
    var firstChild: Int32 = 0
    var nextSibling: Int32 = 0
    var byte: UInt8 = 0
    /// Index of the token that ends here, −1 for none.
    var token: Int32 = -1
  }

  private var tokens: [AddedToken] = []
  private var nodes = [Node()]
  /// The child of the root for each byte.
  private var roots = [Int32](repeating: 0, count: 256)

  var isEmpty: Bool { tokens.isEmpty }

  init(_ tokens: [AddedToken]) throws(TokenizerError) {
    for token in tokens where !token.content.isEmpty {
      guard token.content.count <= Self.longest else {
        throw .malformed(
          field: "added token \(token.id)", reason: "\(token.content.count) bytes, more than \(Self.longest)")
      }
      insert(token)
    }
  }

  private mutating func insert(_ token: AddedToken) {
    var node = 0
    for byte in token.content {
      var child = node == 0 ? Int(roots[Int(byte)]) : Int(nodes[node].firstChild)
      while child != 0, nodes[child].byte != byte { child = Int(nodes[child].nextSibling) }
      if child == 0 {
        child = nodes.count
        nodes.append(Node(nextSibling: node == 0 ? 0 : nodes[node].firstChild, byte: byte))
        if node == 0 { roots[Int(byte)] = Int32(child) } else { nodes[node].firstChild = Int32(child) }
      }
      node = child
    }
    nodes[node].token = Int32(tokens.count)
    tokens.append(token)
  }

  /// Calls `body` with the tokens and the texts between them, in order.
  ///
  /// No special token starts at the offsets in `literals`, which ascend.
  func split(
    _ text: Span<UInt8>, _ range: Range<Int>, parseSpecial: Bool, literals: [Int] = [], _ body: (Piece) -> Void
  ) {
    if tokens.isEmpty {
      if !range.isEmpty { body(.text(range)) }
      return
    }
    // The end of the last token, and with it the start of the text not yet handed out.
    var start = range.lowerBound
    var i = start
    var nextLiteral = 0
    while i < range.upperBound {
      if roots[Int(text[i])] == 0 {
        i += 1
        continue
      }
      while nextLiteral < literals.count, literals[nextLiteral] < i { nextLiteral += 1 }
      let isLiteral = nextLiteral < literals.count && literals[nextLiteral] == i
      guard let (token, matchEnd) = longestMatch(text, i, range.upperBound, parseSpecial: parseSpecial && !isLiteral),
        !token.isSingleWord || Self.isWord(text, range, i..<matchEnd)
      else {
        i += 1
        continue
      }
      var (left, right) = (i, matchEnd)
      if token.stripsLeft { left = Self.skipSpacesBackward(text, from: i, to: start) }
      if token.stripsRight { right = Self.skipSpaces(text, from: matchEnd, to: range.upperBound) }
      if start < left { body(.text(start..<left)) }
      body(.token(token.id))
      (start, i) = (right, right)
    }
    if start < range.upperBound { body(.text(start..<range.upperBound)) }
  }

  /// The offsets at which a special token could start.
  func specialStarts(_ text: Span<UInt8>) -> [Int] {
    var starts: [Int] = []
    for start in 0..<text.count where roots[Int(text[start])] != 0 {
      guard let match = longestMatch(text, start, text.count, parseSpecial: true), match.token.isSpecial else {
        continue
      }
      starts.append(start)
    }
    return starts
  }

  private func longestMatch(
    _ text: Span<UInt8>, _ start: Int, _ end: Int, parseSpecial: Bool
  ) -> (token: AddedToken, end: Int)? {
    var node = Int(roots[Int(text[start])])
    var i = start + 1
    var best: (token: Int, end: Int)?
    while node != 0 {
      let token = Int(nodes[node].token)
      if token >= 0, parseSpecial || !tokens[token].isSpecial { best = (token, i) }
      if i >= end { break }
      let byte = text[i]
      node = Int(nodes[node].firstChild)
      while node != 0, nodes[node].byte != byte { node = Int(nodes[node].nextSibling) }
      i += 1
    }
    return best.map { (tokens[$0.token], $0.end) }
  }

  // MARK: Surroundings

  private static func skipSpaces(_ text: Span<UInt8>, from start: Int, to end: Int) -> Int {
    var i = start
    while i < end {
      let scalar = text.scalar(at: i, end: end)
      if !UnicodeClass(scalar).intersects(.space) { break }
      i += scalar.length
    }
    return i
  }

  private static func skipSpacesBackward(_ text: Span<UInt8>, from end: Int, to start: Int) -> Int {
    var i = end
    while let scalar = text.scalar(before: i, start: start), UnicodeClass(scalar).intersects(.space) {
      i -= scalar.length
    }
    return i
  }

  /// Whether neither neighbour of `match` is a word character (`\w`).
  private static func isWord(_ text: Span<UInt8>, _ range: Range<Int>, _ match: Range<Int>) -> Bool {
    func joins(_ scalar: DecodedScalar) -> Bool {
      UnicodeTableSet.wordCharacters.contains(scalar.value)
    }
    let before = text.scalar(before: match.lowerBound, start: range.lowerBound)
    if let before, joins(before) { return false }
    if match.upperBound < range.upperBound, joins(text.scalar(at: match.upperBound, end: range.upperBound)) {
      return false
    }
    return true
  }
}
