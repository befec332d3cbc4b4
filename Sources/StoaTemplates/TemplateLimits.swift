/// Bounds on what a template may cost; each is checked while parsing or rendering, and exceeding one throws.
public struct TemplateLimits: Sendable {
  /// Longest template source in UTF-8 bytes.
  public var sourceBytes = 1 << 20
  /// Deepest expression and deepest nesting of statements in the source.
  public var syntaxDepth = 80
  /// Evaluation steps: one for each expression, statement, loop pass, element or 64 bytes that are touched.
  public var steps = 20_000_000
  /// Longest rendered text, and longest single string, in UTF-8 bytes.
  public var outputBytes = 16 << 20
  /// Sum over all strings and containers made in one rendering, in bytes; those freed again are counted too.
  public var allocatedBytes = 512 << 20
  /// Passes of all loops in one rendering.
  public var iterations = 1_000_000
  /// Longest list, and most pieces that a string is split into.
  public var sequenceLength = 1_000_000
  /// Deepest evaluation: nested expressions, statements and macro calls together.
  ///
  /// This and `syntaxDepth` are small enough for threads with 512 KiB of stack.
  public var evaluationDepth = 220
  /// Deepest nesting of lists, dictionaries and lazy sequences.
  public var valueDepth = 100
  /// Longest result of `range`; the value is that of jinja2's sandbox (`jinja2.sandbox.MAX_RANGE`).
  public var rangeLength = 100_000

  /// The bounds that every published chat template stays well below.
  public static let standard = TemplateLimits()

  /// Makes the standard bounds, to be tightened by setting properties.
  public init() {}
}
