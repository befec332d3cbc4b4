/// A parsed Jinja template, of the subset that chat templates use, with the settings of Hugging Face transformers.
///
/// Those settings are jinja2's immutable sandbox with `trim_blocks` and `lstrip_blocks`, `break` and `continue`,
/// `{% generation %}`, and the functions `raise_exception`, `strftime_now`, `namespace` and `dict`
/// (`transformers/utils/chat_template_utils.py`). A template sees the data it is given and nothing else.
public struct Template: Sendable {
  private let program: Program
  private var limits: TemplateLimits

  /// Parses a template in time linear in its length.
  ///
  /// Throws `TemplateError` of kind `.syntax` or `.limit`.
  public init(source: String, limits: TemplateLimits = .standard) throws(TemplateError) {
    program = try Parser.program(source, limits: limits)
    self.limits = limits
  }

  /// Renders the template with variables; the same arguments give the same text.
  ///
  /// `now` is what `strftime_now` formats; without it that function is undefined, and templates that ask whether it
  /// is defined use their built-in date. Throws `TemplateError` where jinja2 would raise, and at the limits.
  public func render(_ context: [String: TemplateValue] = [:], now: TemplateDate? = nil) throws(TemplateError) -> String
  {
    try Interpreter(program: program, limits: limits, context: context, now: now).run()
  }

  /// The same template with a tighter bound on its steps.
  func bounded(steps: Int) -> Template {
    var copy = self
    copy.limits.steps = min(steps, limits.steps)
    return copy
  }

  /// Whether the template uses a variable or function of that name anywhere.
  func mentions(_ name: String) -> Bool { program.names.contains(Text(name)) }
}
