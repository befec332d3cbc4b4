/// What an expression of a pre-tokeniser is made of.
indirect enum RegexNode: Sendable, Equatable {
  case empty
  /// One scalar of a set.
  case set(ScalarSet)
  case sequence([RegexNode])
  /// The first that matches counts.
  case alternatives([RegexNode])
  case repetition(RegexNode, minimum: Int, maximum: Int?, RegexGreed)
  case assertion(RegexAssertion)
  case lookahead(RegexNode, negated: Bool)
  /// Whether the scalar before the place is of the set.
  case lookbehind(ScalarSet, negated: Bool)
}

enum RegexGreed: Sendable, Equatable {
  /// As many as possible first.
  case greedy
  /// As few as possible first.
  case lazy
  /// As many as possible, and no fewer.
  case possessive
}

enum RegexAssertion: Sendable, Equatable {
  case textStart, textEnd
  case lineStart, lineEnd
  case wordBoundary, notWordBoundary
}

/// Whose regular expressions these are, where engines differ.
enum RegexDialect: Sendable {
  /// Oniguruma with Ruby's syntax, in Hugging Face tokenizers: `^` and `$` are of lines.
  case oniguruma
  /// The crate `fancy-regex`, in tiktoken: `^` and `$` are of the text.
  case rust
  /// `unicode_regex_split` of llama.cpp: `std::regex` on text where all whitespace beyond ASCII is a vertical tab, `\d` is
  /// ASCII, and, in an expression that names categories, every kind of letter is `\p{L}`. Unicode is that of version 15.1.
  case llamaCpp
}

/// Why an expression cannot be used.
struct RegexError: Error, Equatable, CustomStringConvertible {
  /// Where in the expression, in Unicode scalars.
  let offset: Int
  let reason: String

  var description: String { "\(reason) at character \(offset)" }
}
