import Foundation

@testable import StoaTemplates

/// A JSON file as data; `none` when it is not there or not JSON, which the tests that use it notice.
func loadJSON(_ path: String) -> TemplateValue {
  guard let data = FileManager.default.contents(atPath: path) else { return .none }
  return (try? TemplateValue(json: String(decoding: data, as: UTF8.self))) ?? .none
}

extension TemplateValue? {
  var items: [TemplateValue] { if case .list(let items)? = self { items } else { [] } }
  var text: String? { if case .string(let text)? = self { text } else { nil } }
  var variables: [String: TemplateValue] {
    guard case .dict(let dictionary)? = self else { return [:] }
    return Swift.Dictionary(uniqueKeysWithValues: dictionary.entries.map { ($0.key, $0.value) })
  }
}
