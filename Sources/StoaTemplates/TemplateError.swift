/// Why a template could not be parsed or rendered, with the template line where it happened.
public struct TemplateError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The kinds of failure, named after the exceptions of jinja2 and Python that the same template would raise.
  public enum Kind: Sendable, Equatable {
    /// The source is not a template, or uses a construct outside the supported subset.
    case syntax
    /// An undefined value was used for more than printing, testing or iterating.
    case undefined
    /// The template reached for something that is not data.
    case security
    /// A value has the wrong type or an impossible value for the operation.
    case value
    /// The template called `raise_exception`; the message is the template's own.
    case raised
    /// A bound of `TemplateLimits` was exceeded.
    case limit
  }

  /// What kind of failure it is.
  public let kind: Kind
  /// What went wrong, and with which name or type.
  public let message: String
  /// The line of the template, counted from 1; 0 when no line is to blame.
  public let line: Int

  /// Makes an error that points at a template line.
  public init(_ kind: Kind, _ message: String, line: Int) {
    self.kind = kind
    self.message = message
    self.line = line
  }

  /// The message with its line, as one sentence for a user.
  public var description: String {
    line > 0 ? "chat template, line \(line): \(message)" : "chat template: \(message)"
  }
}
