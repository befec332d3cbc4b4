import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A changed mode of the controlling terminal, and the way back.
///
/// The terminal belongs to the whole process, so its original settings are kept in one place: whoever ends the process,
/// a signal included, restores them by `TerminalMode.restore()`.
public struct TerminalMode: Sendable {
  /// The modes this program uses.
  public enum Kind: Sendable {
    /// Every key comes at once and unechoed, Ctrl-C too: for the line editor.
    case editing
    /// Keys are neither echoed nor waited for by line, but Ctrl-C interrupts: while an answer is streaming. What is
    /// typed meanwhile reaches the editor afterwards.
    case quiet
  }

  private static let original = Mutex<termios?>(nil)

  private let kind: Kind

  /// Changes the mode of the terminal on standard input, or returns nil if there is none.
  public static func enter(_ kind: Kind) -> TerminalMode? {
    let mode = TerminalMode(kind: kind)
    return mode.apply() ? mode : nil
  }

  /// Restores the terminal.
  public func leave() { Self.restore() }

  /// Stops the process as Ctrl-Z does, with the terminal restored; sets the mode again when it continues.
  public func suspend() {
    Self.restore()
    kill(getpid(), SIGTSTP)
    _ = apply()
  }

  /// Restores the terminal if its mode was changed; safe to call at any time, from any thread.
  public static func restore() {
    original.withLock { saved in
      guard var settings = saved else { return }
      // TCSADRAIN, not TCSAFLUSH: what was typed ahead stays.
      _ = unsafe tcsetattr(0, TCSADRAIN, &settings)
      saved = nil
    }
  }

  private func apply() -> Bool {
    Self.original.withLock { saved in
      var settings = termios()
      if let saved { settings = saved } else if unsafe tcgetattr(0, &settings) != 0 { return false }
      let before = settings
      settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
      if kind == .editing {
        settings.c_lflag &= ~tcflag_t(ISIG | IEXTEN)
        settings.c_iflag &= ~tcflag_t(IXON | ICRNL | INLCR)
        settings.c_oflag &= ~tcflag_t(OPOST)
      }
      guard unsafe tcsetattr(0, TCSADRAIN, &settings) == 0 else { return false }
      saved = before
      return true
    }
  }
}
