import CStoaKernels

/// The element type of cached keys and values.
public enum CacheType: String, Sendable, CaseIterable {
  /// Exact.
  case f32
  /// Half precision.
  case f16
  /// Signed bytes with a half-precision scale for each 32 dimensions: half the memory of `f16`.
  case q8_0

  var kernelType: stoa_cache_type {
    switch self {
    case .f32: STOA_CACHE_F32
    case .f16: STOA_CACHE_F16
    case .q8_0: STOA_CACHE_Q8_0
    }
  }

  /// Bytes of the keys or values of `Compute.keyBlock` positions of one head, `width` values each.
  package func blockBytes(width: Int) -> Int { stoa_cache_block_bytes(kernelType, width) }
}
