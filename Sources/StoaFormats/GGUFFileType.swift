public import StoaTensor

/// Names of the mixes of element types that `general.file_type` numbers.
///
/// Source: llama.cpp, `enum llama_ftype` in `llama.h`.
public enum GGUFFileType {
  /// The name of file type `number`, such as `Q4_K_M`, or nil when it is unknown.
  public static func name(_ number: Int) -> String? { names[number] }

  private static let names: [Int: String] = [
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M",
    13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS",
    21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S",
    29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4_MOE", 39: "NVFP4",
    40: "Q1_0",
  ]
}

extension GGUFFile {
  /// What users call the quantisation: the name of `general.file_type`, or else the type that fills the most bytes;
  /// nil for a file without tensors and without that key.
  public var quantizationName: String? {
    if let number = metadata.int("general.file_type"), let name = GGUFFileType.name(number) { return name }
    return dominantType?.name
  }

  /// The element type that fills the most bytes; of equals, the one with the lower number.
  public var dominantType: ElementType? {
    var sizes: [ElementType: Int] = [:]
    for tensor in tensors { sizes[tensor.type, default: 0] += tensor.byteCount }
    return sizes.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key
  }
}
