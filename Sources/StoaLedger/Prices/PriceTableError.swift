/// Why a price table cannot be used.
package struct PriceTableError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file.
  package var path: String
  /// From 1; nil when the file as a whole is meant.
  package var line: Int?
  /// What is wrong, with the name of the key.
  package var problem: String
  package var advice: String?

  /// What is wrong and where, and on a second line what to do.
  package var description: String {
    let place = line.map { "\(path):\($0)" } ?? path
    return "\(place): \(problem)" + (advice.map { "\n" + $0 } ?? "")
  }
}
