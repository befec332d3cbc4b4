#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Whether `path` is a folder, or a link to one.
package func isDirectory(_ path: String) -> Bool {
  var status = stat()
  return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// Whether there is anything at `path`.
package func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

/// The sorted names in a folder; none when it cannot be read.
package func directoryContents(_ path: String) -> [String] {
  guard let directory = unsafe opendir(path) else { return [] }
  defer { unsafe _ = closedir(directory) }
  var names: [String] = []
  while let entry = unsafe readdir(directory) {
    let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names.sorted()
}

/// The folder of `path` with its slash, empty for a bare name, and the name.
package func splitPath(_ path: String) -> (folder: String, name: String) {
  guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", path) }
  return (String(path[...slash]), String(path[path.index(after: slash)...]))
}

/// Gives a file or folder another name on the same file system, replacing a file of that name; false with `errno` if
/// that fails.
package func moveFile(_ from: String, to: String) -> Bool { unsafe rename(from, to) == 0 }

/// Bytes that the file system of `path` has for this user; nil when it does not say.
package func freeBytes(at path: String) -> Int? {
  var space = statvfs()
  guard unsafe statvfs(path, &space) == 0 else { return nil }
  let (bytes, overflow) = UInt64(space.f_bavail).multipliedReportingOverflow(by: UInt64(space.f_frsize))
  return overflow ? Int.max : Int(clamping: bytes)
}
