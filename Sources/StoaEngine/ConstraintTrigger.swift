public import StoaGrammar
import StoaTokenizers

/// A grammar that an answer has to follow from a mark on, such as the beginning of a tool call.
public struct ConstraintTrigger: Sendable {
  /// The texts that switch the grammar on; names of special tokens count as text.
  public var marks: [String]
  /// Whether a mark counts only where nothing but white space stands before it.
  public var isOnlyAtStart: Bool
  /// A part at the beginning of the answer in which marks do not count, such as the model's reasoning.
  public var preamble: Preamble?
  /// What has to follow.
  public var constraint: TokenMasker

  /// What stands around such a part.
  public struct Preamble: Sendable {
    /// Its beginning.
    public var open: String
    /// Its end.
    public var close: String
    /// Whether the prompt has begun it already.
    public var isOpen: Bool

    /// A part between two marks.
    public init(open: String, close: String, isOpen: Bool) {
      self.open = open
      self.close = close
      self.isOpen = isOpen
    }
  }

  /// A grammar for what follows one of `marks`.
  public init(
    marks: [String], isOnlyAtStart: Bool = false, preamble: Preamble? = nil, constraint: TokenMasker
  ) {
    self.marks = marks
    self.isOnlyAtStart = isOnlyAtStart
    self.preamble = preamble
    self.constraint = constraint
  }
}

/// Looks for the marks of a trigger in the tokens of an answer.
struct TriggerMatcher {
  private let masker: TokenMasker
  private let tokenizer: Tokenizer
  private let shownTokens: Set<Int32>
  private var finder: MarkFinder

  /// Nil without a tokenizer, which grammars need.
  init?(_ trigger: ConstraintTrigger, _ tokenizer: Tokenizer?, shownTokens: Set<Int32>) {
    guard let tokenizer else { return nil }
    masker = trigger.constraint
    self.tokenizer = tokenizer
    self.shownTokens = shownTokens
    finder = MarkFinder(trigger.marks, isOnlyAtStart: trigger.isOnlyAtStart, preamble: trigger.preamble)
  }

  /// The constraint once a mark is there and what the same token wrote after it is of the grammar.
  mutating func append(_ token: Int32) throws -> Constraint? {
    for rest in finder.append(tokenizer.bytes(of: token, showSpecial: true)) {
      guard var constraint = try Constraint(masker, tokenizer, shownTokens: shownTokens) else { continue }
      if try constraint.append(bytes: rest) { return constraint }
    }
    return nil
  }
}

/// Finds marks in a text that comes piece by piece.
struct MarkFinder {
  private let marks: [[UInt8]]
  private let longest: Int
  private let isOnlyAtStart: Bool
  private let open: [UInt8]
  private let close: [UInt8]
  private var place: Place
  /// The end of the text, in which a mark or the end of the preamble may have begun.
  private var tail: [UInt8] = []

  private enum Place {
    /// Nothing but white space has come.
    case beginning
    case preamble
    /// Whether anything but white space has left the tail.
    case content(hasBegun: Bool)
  }

  init(_ marks: [String], isOnlyAtStart: Bool, preamble: ConstraintTrigger.Preamble?) {
    self.marks = marks.map { Array($0.utf8) }.filter { !$0.isEmpty }
    longest = self.marks.map(\.count).max() ?? 0
    self.isOnlyAtStart = isOnlyAtStart
    open = Array((preamble?.open ?? "").utf8)
    close = Array((preamble?.close ?? "").utf8)
    place = preamble?.isOpen == true ? .preamble : .beginning
  }

  /// What the next piece says after each mark that ends in it, the first one first.
  mutating func append(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var seen = tail.count
    tail += bytes
    if case .beginning = place {
      let said = tail.drop(while: Self.isSpace)
      if !open.isEmpty, said.starts(with: open) {
        tail = Array(said.dropFirst(open.count))
        place = .preamble
      } else if !open.isEmpty, open.starts(with: said) {
        return []
      } else {
        place = .content(hasBegun: false)
      }
      seen = 0
    }
    if case .preamble = place {
      guard let start = tail.indices.first(where: { tail[$0...].starts(with: close) }) else {
        tail.removeFirst(max(0, tail.count - close.count + 1))
        return []
      }
      tail.removeFirst(start + close.count)
      seen = 0
      place = .content(hasBegun: false)
    }
    guard case .content(var hasBegun) = place else { return [] }
    var rests: [ArraySlice<UInt8>] = []
    for end in seen..<tail.count {
      let text = tail[...end]
      for mark in marks where text.count >= mark.count && text.suffix(mark.count).elementsEqual(mark) {
        if isOnlyAtStart, hasBegun || !text.dropLast(mark.count).allSatisfy(Self.isSpace) { continue }
        rests.append(tail[(end + 1)...])
      }
    }
    let left = max(0, tail.count - longest + 1)
    hasBegun = hasBegun || !tail[..<left].allSatisfy(Self.isSpace)
    tail.removeFirst(left)
    place = .content(hasBegun: hasBegun)
    return rests
  }

  private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
}
