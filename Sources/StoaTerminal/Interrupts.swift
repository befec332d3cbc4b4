import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Ctrl-C and the other signals that end a program.
///
/// No code runs in a signal handler: the signals are blocked, and one thread waits for them with `sigwait`, where
/// locks and memory are as safe as anywhere. Inside `listen`, Ctrl-C only raises a flag, which the work polls; outside,
/// it ends the process with status 130, the terminal restored.
public enum Interrupts {
  /// The exit status after Ctrl-C: 128 + SIGINT, as shells have it.
  public static let exitStatus: Int32 = 130

  /// How often Ctrl-C must come in one `listen` before the process ends although the work goes on.
  private static let patience = 3

  private static let listeners = Atomic<Int>(0)
  private static let count = Atomic<Int>(0)
  private static let installed = Atomic<Bool>(false)
  private static let stop = Mutex<(@Sendable () -> Void)?>(nil)

  /// Whether Ctrl-C has come since the outermost `listen` began.
  public static var requested: Bool { count.load(ordering: .relaxed) > 0 }

  /// Starts to take the signals; call it first thing in the program, before any other thread exists, since threads
  /// inherit the mask. Signals that the parent ignores (`nohup`, `&` in scripts) stay ignored.
  public static func install() {
    guard !installed.exchange(true, ordering: .relaxed) else { return }
    // A parent may have left SIGPIPE ignored; the default ends the program quietly when its reader has gone.
    _ = signal(SIGPIPE, SIG_DFL)
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(number) { unsafe sigaddset(&set, number) }
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let failed = unsafe pthread_create(
      &thread, nil,
      { _ in
        Interrupts.wait()
        return nil
      }, nil)
    // Without the thread nobody would hear a signal: leave them to the system's defaults.
    if failed != 0 { unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil) }
  }

  /// Runs work that polls `requested` and comes back soon when it is true.
  public static func listen<Result, Failure: Error>(_ work: () throws(Failure) -> Result) throws(Failure) -> Result {
    if listeners.add(1, ordering: .relaxed).oldValue == 0 { count.store(0, ordering: .relaxed) }
    defer { listeners.subtract(1, ordering: .relaxed) }
    return try work()
  }

  /// Runs work that ends soon after `stop` was called: the first SIGINT, SIGTERM or SIGHUP does so, the second ends the
  /// process.
  public static func stoppable<Result, Failure: Error>(
    by stop: @escaping @Sendable () -> Void, _ work: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    Self.stop.withLock { $0 = stop }
    defer { Self.stop.withLock { $0 = nil } }
    return try work()
  }

  /// Calls what was to be called at the first signal; false when there is nothing, or no more.
  private static func callStop() -> Bool {
    let action = stop.withLock { action in
      defer { action = nil }
      return action
    }
    action?()
    return action != nil
  }

  /// Does what a signal does; the waiting thread and tests call it.
  static func interrupt() -> Bool {
    guard listeners.load(ordering: .relaxed) > 0 else { return true }
    return count.add(1, ordering: .relaxed).newValue >= patience
  }

  private static func wait() {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for number in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&set, number) }
    while true {
      var number: Int32 = 0
      guard unsafe sigwait(&set, &number) == 0 else { continue }
      if callStop() { continue }
      if number == SIGINT {
        guard interrupt() else { continue }
        TerminalMode.restore()
        _exit(exitStatus)
      }
      TerminalMode.restore()
      // End by the signal itself, so that the parent sees the true cause.
      _ = signal(number, SIG_DFL)
      var single = sigset_t()
      unsafe sigemptyset(&single)
      unsafe sigaddset(&single, number)
      unsafe pthread_sigmask(SIG_UNBLOCK, &single, nil)
      kill(getpid(), number)
    }
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard unsafe sigaction(number, nil, &action) == 0 else { return false }
    #if canImport(Darwin)
      return unsafe unsafeBitCast(action.__sigaction_u.__sa_handler, to: Int.self) == 1
    #else
      return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    #endif
  }
}
