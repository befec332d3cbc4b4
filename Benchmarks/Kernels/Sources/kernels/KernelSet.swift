import CMeasure
import CStoaKernels

/// The kernels of one instruction set of this machine.
@safe struct KernelSet {
  let name: String
  let code: stoa_isa
  let table: UnsafePointer<stoa_kernels>

  /// The instruction sets of this machine, slowest first.
  static var available: [KernelSet] {
    let codes = [
      STOA_ISA_SCALAR, STOA_ISA_AVX2, STOA_ISA_AVXVNNI, STOA_ISA_AVX512, STOA_ISA_AVX512VNNI, STOA_ISA_NEON,
    ]
    return codes.compactMap { code in
      guard let table = unsafe stoa_kernels_for(code) else { return nil }
      return unsafe KernelSet(name: String(cString: table.pointee.name), code: code, table: table)
    }
  }

  /// Whether registers have 512 bits.
  var isWide: Bool { code == STOA_ISA_AVX512 || code == STOA_ISA_AVX512VNNI }

  /// The instructions that multiply 8-bit integers.
  var integerPeak: peak_kind {
    switch code {
    case STOA_ISA_AVX512VNNI: PEAK_DPBUSD_512
    case STOA_ISA_AVX512: PEAK_MADDUBS_512
    case STOA_ISA_AVXVNNI: PEAK_DPBUSD_256
    default: PEAK_MADDUBS_256
    }
  }
}

/// An element type of weights.
struct WeightType {
  let name: String
  let code: stoa_type

  static let all: [WeightType] = [
    ("F32", STOA_F32), ("F16", STOA_F16), ("BF16", STOA_BF16), ("Q4_0", STOA_Q4_0), ("Q4_1", STOA_Q4_1),
    ("Q5_0", STOA_Q5_0), ("Q5_1", STOA_Q5_1), ("Q8_0", STOA_Q8_0), ("Q2_K", STOA_Q2_K), ("Q3_K", STOA_Q3_K),
    ("Q4_K", STOA_Q4_K), ("Q5_K", STOA_Q5_K), ("Q6_K", STOA_Q6_K), ("IQ4_NL", STOA_IQ4_NL),
    ("IQ4_XS", STOA_IQ4_XS),
  ].map { WeightType(name: $0.0, code: $0.1) }

  var isQuantized: Bool { stoa_block_columns(code) > 1 }
  var isBF16: Bool { code == STOA_BF16 }
}
