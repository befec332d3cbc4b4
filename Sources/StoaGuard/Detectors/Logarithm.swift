import Foundation

/// The logarithm to base 2.
func logarithm(_ value: Double) -> Double { Foundation.log2(value) }
