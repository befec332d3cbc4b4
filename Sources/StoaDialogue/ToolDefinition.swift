package import StoaFormats
package import StoaTemplates

/// A function that a model may ask to be called.
package struct ToolDefinition: Sendable, Equatable {
  package var name: String
  package var description: String?
  /// The JSON Schema of the arguments; nil or an empty object for any arguments.
  package var parameters: JSONValue?

  package init(name: String, description: String? = nil, parameters: JSONValue? = nil) {
    self.name = name
    self.description = description
    self.parameters = parameters
  }

  /// The tool as chat templates read it: `{"type": "function", "function": {…}}`.
  ///
  /// A description and parameters are always there, because many templates join them to text without looking.
  package var templateValue: TemplateValue {
    let parameters = parameters.map(TemplateValue.init) ?? ["type": "object", "properties": [:]]
    return [
      "type": "function",
      "function": ["name": .string(name), "description": .string(description ?? ""), "parameters": parameters],
    ]
  }
}

/// Whether a model may, must or must not call a tool.
package enum ToolChoice: Sendable, Equatable {
  case auto
  case none
  case required
  case named(String)
}

extension TemplateValue {
  /// A JSON document as the data that templates read.
  package init(_ value: JSONValue) {
    switch value {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .string(let text): self = .string(text)
    case .array(let items): self = .list(items.map { TemplateValue($0) })
    case .object(let members):
      self = .dict(TemplateDictionary(members.map { ($0.key, TemplateValue($0.value)) }))
    }
  }
}
