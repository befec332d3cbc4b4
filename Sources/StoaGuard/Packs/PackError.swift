/// A mistake in a pack: where it is, what is wrong and what to write instead.
public struct PackProblem: Error, Equatable, CustomStringConvertible, Sendable {
  /// The file, as it was named.
  public let file: String
  /// The line, from 1.
  public let line: Int
  /// The column, from 1.
  public let column: Int
  /// What is wrong.
  public let reason: String
  /// What to do about it.
  public let hint: String

  /// `file:line:column: reason (hint)`.
  public var description: String { "\(file):\(line):\(column): \(reason)\n  \(hint)" }
}

/// All mistakes that were found in a pack, at least one.
public struct PackError: Error, Equatable, CustomStringConvertible, Sendable {
  /// The mistakes in the order of the files.
  public let problems: [PackProblem]

  /// One problem after the other, each with its hint.
  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
