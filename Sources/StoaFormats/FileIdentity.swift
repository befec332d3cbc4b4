import Glibc

/// What the file system says about a version of a regular file: every change of its contents changes this too.
///
/// The times of modification and of change have the grain of a clock tick, so a file that was written within the last
/// moments can change without a trace; see `isSettled`.
package struct FileIdentity: Hashable, Sendable {
  /// The file system.
  package var device: UInt64 = 0
  /// The number of the file in it.
  package var inode: UInt64 = 0
  /// The size in bytes.
  package var size: Int64 = 0
  private var mode: UInt32 = 0
  private var modified = Timestamp()
  private var changed = Timestamp()

  private struct Timestamp: Hashable, Sendable {
    var seconds = 0
    var nanoseconds = 0
  }

  /// What no file has: for contents in memory.
  package init() {}

  /// Asks about an open file.
  package init(descriptor: Int32, path: String) throws(FormatError) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .system(path: path, operation: "examine", code: errno) }
    self.init(status)
  }

  /// Asks about the file that `path` leads to.
  package init(path: String) throws(FormatError) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { throw .system(path: path, operation: "examine", code: errno) }
    self.init(status)
  }

  /// Opens a regular file for reading; symbolic links are followed. The caller closes the descriptor.
  package static func openRegularFile(_ path: String) throws(FormatError) -> (descriptor: Int32, identity: Self) {
    // O_NONBLOCK keeps `open` from waiting for the writer of a FIFO; it does not affect regular files.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(path: path, operation: "open", code: errno) }
    do throws(FormatError) {
      let identity = try FileIdentity(descriptor: descriptor, path: path)
      guard identity.isRegularFile else {
        throw .unsupported(
          path: path, problem: identity.isDirectory ? "this is a folder, not a file" : "this is not a regular file")
      }
      return (descriptor, identity)
    } catch {
      _ = close(descriptor)
      throw error
    }
  }

  private init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = Int64(status.st_size)
    mode = UInt32(status.st_mode)
    modified = Timestamp(seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    changed = Timestamp(seconds: status.st_ctim.tv_sec, nanoseconds: status.st_ctim.tv_nsec)
  }

  package var isRegularFile: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFREG) }
  package var isDirectory: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFDIR) }

  /// Whether the contents are the same; names, owners and permissions may have changed.
  package func hasContents(of other: FileIdentity) -> Bool {
    var other = other
    other.changed = changed
    other.mode = mode
    return self == other
  }

  /// Whether the last change is long enough ago for the next one to show in the times.
  package var isSettled: Bool {
    var now = timespec()
    guard unsafe clock_gettime(CLOCK_REALTIME, &now) == 0 else { return false }
    let age = Double(now.tv_sec - changed.seconds) + Double(now.tv_nsec - changed.nanoseconds) * 1e-9
    return age > 0.1
  }

  /// A word for a cache of what is known about files.
  package var key: String {
    "\(device):\(inode):\(size):\(modified.seconds).\(modified.nanoseconds):\(changed.seconds).\(changed.nanoseconds)"
  }
}
