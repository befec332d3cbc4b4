/// What to measure.
struct Options {
  var threads = [2, 1]
  var tokens = [512, 32, 8, 1]
  var types = WeightType.all
  // The scalar kernels define the arithmetic; their speed is of no interest unless asked for.
  var sets = KernelSet.available.filter { $0.name != "scalar" }

  static let usage = """
    usage: kernels [--threads 2,1] [--tokens 512,32,8,1] [--type NAME,…] [--isa NAME,…]
      types: \(WeightType.all.map(\.name).joined(separator: ", "))
      instruction sets of this machine: \(KernelSet.available.map(\.name).joined(separator: ", "))
    """

  init(_ arguments: ArraySlice<String>) throws(UsageError) {
    var rest = arguments
    while let option = rest.popFirst() {
      let values = rest.popFirst()?.split(separator: ",").map(String.init) ?? []
      guard !values.isEmpty else { throw UsageError(message: "\(option) needs a value") }
      switch option {
      case "--threads": threads = try Self.counts(values, of: option, to: 1024)
      case "--tokens": tokens = try Self.counts(values, of: option, to: 4096)
      case "--type": types = try Self.named(values, in: WeightType.all, by: \.name)
      case "--isa": sets = try Self.named(values, in: KernelSet.available, by: \.name)
      default: throw UsageError(message: "unknown option \(option)")
      }
    }
  }

  private static func counts(_ values: [String], of option: String, to limit: Int) throws(UsageError) -> [Int] {
    let numbers = values.compactMap { Int($0) }.filter { (1...limit).contains($0) }
    guard numbers.count == values.count else { throw UsageError(message: "\(option) takes numbers from 1 to \(limit)") }
    return numbers
  }

  private static func named<T>(
    _ values: [String], in all: [T], by name: KeyPath<T, String>
  ) throws(UsageError) -> [T] {
    var found: [T] = []
    for value in values {
      guard let item = all.first(where: { $0[keyPath: name].lowercased() == value.lowercased() }) else {
        throw UsageError(message: "unknown: \(value)")
      }
      found.append(item)
    }
    return found
  }
}

/// Why the arguments make no sense.
struct UsageError: Error {
  let message: String
}
