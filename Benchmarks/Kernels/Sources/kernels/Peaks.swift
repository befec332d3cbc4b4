import CMeasure

/// The rates of this machine on a number of threads; 0 for instructions that it lacks.
struct Peaks {
  private let threads: Int
  private let multiplyAdds: [Double]
  private let bandwidth: Double

  init(threads: Int) {
    self.threads = threads
    multiplyAdds = (0..<PEAK_KINDS.rawValue).map { peak_multiply_adds(peak_kind($0), threads) }
    bandwidth = peak_read(threads, 512 << 20, 10)
  }

  func print() {
    Swift.print("\npeaks, \(threads) thread(s)")
    for (kind, rate) in multiplyAdds.enumerated() where rate > 0 {
      let name = unsafe String(cString: peak_name(peak_kind(UInt32(kind))))
      Swift.print("  " + name.padded(24), rate.oneDecimal.padded(8, left: true), "G multiply-adds/s")
    }
    Swift.print("  " + "memory read".padded(24), bandwidth.oneDecimal.padded(8, left: true), "GB/s")
  }

  /// What bounds products of weights of `type`: the widest instruction that the set has for them.
  func limit(_ type: WeightType, on set: KernelSet) -> Double {
    if type.isQuantized { return self[set.integerPeak] }
    let bf16 = self[PEAK_DPBF16_512]
    return type.isBF16 && set.isWide && bf16 > 0 ? bf16 : fma(on: set)
  }

  /// What bounds arithmetic with binary32.
  func fma(on set: KernelSet) -> Double { self[set.isWide ? PEAK_FMA_512 : PEAK_FMA_256] }

  private subscript(kind: peak_kind) -> Double { multiplyAdds[Int(kind.rawValue)] }
}
