package import StoaFormats

/// How many weights tensors hold and of which type most are, by the names and types of the tensors alone.
package struct WeightFacts: Equatable, Sendable {
  /// The number of weights, without the factors that scale them and those of rotary embeddings.
  package var parameters = 0
  /// The type that fills most bytes, such as `BF16`; nil without tensors.
  package var typeName: String?

  package init(_ tensors: [TensorInfo]) {
    let names = Set(tensors.map(\.name))
    func has(_ name: String, insteadOf suffix: String, _ other: String) -> Bool {
      name.hasSuffix(suffix) && names.contains(String(name.dropLast(suffix.count)) + other)
    }
    var bytes: [String: Int] = [:]
    for tensor in tensors {
      let name = tensor.name
      // Two values a byte: the layout of gpt-oss.
      let isPacked = tensor.typeName == "U8" && has(name, insteadOf: "_blocks", "_scales")
      bytes[isPacked ? "MXFP4" : tensor.typeName, default: 0] += tensor.byteCount
      let isScale =
        has(name, insteadOf: "_scale_inv", "") || has(name, insteadOf: "_scale", "")
        || has(name, insteadOf: "_scales", "_blocks") || Float8Settings.ignoredSuffixes.contains(where: name.hasSuffix)
      let isRotary = name.hasPrefix("rope_f") || name.hasSuffix("inv_freq")
      if !isScale, !isRotary { parameters += tensor.elementCount * (isPacked ? 2 : 1) }
    }
    typeName = bytes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }
}
