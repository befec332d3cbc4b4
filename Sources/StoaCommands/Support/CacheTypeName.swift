import ArgumentParser
import StoaTensor

/// The types of cached keys and values by their names.
enum CacheTypeName: String, CaseIterable, ExpressibleByArgument {
  case f16, f32, q8_0

  var type: CacheType {
    switch self {
    case .f16: .f16
    case .f32: .f32
    case .q8_0: .q8_0
    }
  }
}
