import Glibc

/// What this process takes of the processors.
enum ProcessorTime {
  /// The seconds so far; POSIX counts in millionths.
  static var seconds: Double { Double(clock()) / 1e6 }
}
