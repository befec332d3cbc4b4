#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// How many files and connections this process may have open at once.
enum DescriptorLimit {
  /// What a server has open beside its connections: models, the ledger, standard streams, event loops.
  static let reserve = 256

  /// Raises the limit as far as the system lets this process; the limit then.
  ///
  /// Systems keep it at 1,024 for the sake of programs that use `select` (systemd.exec(5), LimitNOFILE).
  static func raise() -> Int {
    var limit = rlimit()
    guard unsafe getrlimit(resource, &limit) == 0 else { return 1024 }
    if limit.rlim_cur < limit.rlim_max {
      var raised = limit
      raised.rlim_cur = raised.rlim_max
      if unsafe setrlimit(resource, &raised) == 0 { limit = raised }
    }
    return Int(clamping: limit.rlim_cur)
  }

  #if canImport(Glibc)
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  #else
    private static let resource = RLIMIT_NOFILE
  #endif

  /// What to say when a limit is too low for as many requests; nil when it is not.
  static func note(limit: Int, parallel: Int, queue: Int) -> String? {
    let needed = parallel + queue + reserve
    guard limit < needed else { return nil }
    return "this process may have \(limit) files and connections open, and \(parallel) requests with \(queue) in the "
      + "queue need \(needed)\n  raise the hard limit: ulimit -Hn, or LimitNOFILE= of the systemd unit"
  }
}
